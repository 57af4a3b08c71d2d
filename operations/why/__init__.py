"""Explains why somebody got no mail, or two: what the ledger, the dead letters and the outbox know, and what to do."""
