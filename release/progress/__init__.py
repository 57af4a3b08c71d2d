"""How a deployment stands, how it is shown, how it ended."""
