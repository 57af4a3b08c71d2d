"""Compiles folders of notifications: schemas to validators, templates to mails; and writes previews of them."""
