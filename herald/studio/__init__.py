"""`herald studio`: a page on loopback on which a team looks at its mails while it writes them."""
