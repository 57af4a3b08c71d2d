"""Measures how fast Herald is, compared with three references that do the same work: `make bench`."""
