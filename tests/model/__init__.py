"""The exhaustive model of the ledger: a table with memory, and what explores it."""
