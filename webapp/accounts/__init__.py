"""Deletes an account with all its data."""
