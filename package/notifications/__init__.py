"""`function/notifications` compiled: schemas to validators, templates to mails, and previews of them."""
