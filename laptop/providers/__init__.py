"""Simulators of the providers beside SES. What they show is not evidence about the vendors.

One HTTP server plays SendGrid, Mailgun and Resend (their paths tell them apart), another speaks SMTP. What they take
lies in the same inbox as the mails of SES, and the same faults strike them. Each answer has the vendor's page above it;
where a vendor documents nothing, the stingier guess is played and called *guessed*.
"""
