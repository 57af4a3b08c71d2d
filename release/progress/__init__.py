"""The progress of a deployment: its state, its display and its outcome."""
