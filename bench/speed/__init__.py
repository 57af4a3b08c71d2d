"""How fast Herald is, beside three references that do the same work: `make bench`."""
