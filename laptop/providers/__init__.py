"""Simulators of the providers other than SES. Their behaviour is no evidence about the real ones.

One HTTP server simulates SendGrid, Mailgun and Resend, distinguished by path; another server speaks SMTP. The mails
they accept go to the same inbox as those of SES, and the same faults apply. Each answer cites the provider's
documentation; where a provider documents nothing, the simulator takes the more restrictive assumption, marked as
*guessed*.
"""
