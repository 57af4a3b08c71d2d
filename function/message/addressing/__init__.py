"""Several recipients of one event, copies, and the tenant that a mail is from: what most mails do without."""
