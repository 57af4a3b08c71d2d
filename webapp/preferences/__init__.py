"""Which mails a reader wants, and the unsubscribe links in mails."""
