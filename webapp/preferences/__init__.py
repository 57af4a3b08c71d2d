"""Which mails a reader wants, and the verification of unsubscribe links."""
