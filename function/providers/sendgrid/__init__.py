"""Twilio SendGrid, by its Web API v3."""
