"""Webhook reports, independent of the provider."""
