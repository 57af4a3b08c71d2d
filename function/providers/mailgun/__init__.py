"""Mailgun, in the United States and in the European Union."""
