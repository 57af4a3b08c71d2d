"""Books: the values, the use cases, the repository."""
