"""Who is calling: OIDC tokens, the issuer, secrets and sealed cookies."""
