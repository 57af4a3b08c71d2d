"""A deployment watched to its end: how it stands, how it is shown, how it ended."""
