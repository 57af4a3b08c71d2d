"""What publishers get of a folder of notifications: the contract of its events, as a page too, and typed code."""
