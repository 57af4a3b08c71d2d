"""The inbox of the simulated SES: HTML pages, and the JSON API that reads mails and arms faults."""
