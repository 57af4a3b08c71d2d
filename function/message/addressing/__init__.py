"""Several recipients of one event, copies, and tenants: most mails need none of these."""
