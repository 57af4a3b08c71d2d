"""Twilio SendGrid, through its Web API v3."""
