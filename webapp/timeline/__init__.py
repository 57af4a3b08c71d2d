"""What became of each mail, from the outbox row and the ledger's record."""
