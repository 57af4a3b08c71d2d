"""Deleting an account with all that belongs to it."""
