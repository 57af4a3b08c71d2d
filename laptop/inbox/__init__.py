"""The inbox of the simulated SES: pages for people, and the JSON API that arms faults and reads mails."""
