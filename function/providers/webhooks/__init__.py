"""Webhook reports, independent of the vendor."""
