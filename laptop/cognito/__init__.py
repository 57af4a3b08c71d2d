"""Accounts on the laptop: ministack's Cognito pool, and the pages of sign-up that it does not have."""
