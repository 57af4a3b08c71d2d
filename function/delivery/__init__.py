"""One delivery, from its envelope to its outcome."""
