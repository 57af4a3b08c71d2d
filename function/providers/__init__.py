"""The providers that send mails: each reports accepted, refused or unknown (`function.errors`)."""
