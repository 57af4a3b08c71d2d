"""The command `herald`: what it prints, asks and refuses. The work is done by the packages below it."""
