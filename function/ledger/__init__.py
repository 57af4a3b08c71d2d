"""The ledger: how one event stays one mail."""
