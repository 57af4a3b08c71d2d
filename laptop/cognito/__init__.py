"""User accounts on the laptop: ministack's Cognito user pool, and the sign-up pages that ministack does not have."""
