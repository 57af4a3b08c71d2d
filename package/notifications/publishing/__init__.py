"""What a folder of notifications gives to publishers: the contract of its events, a page about it, and typed code."""
