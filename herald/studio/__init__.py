"""`herald studio`: a page on the loopback address that shows a team its mails while it writes them."""
