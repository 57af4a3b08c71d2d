"""Authentication: OIDC tokens, the issuer, secrets and encrypted cookies."""
