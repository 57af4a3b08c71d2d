"""What a release asks of a new version before and after it gets traffic."""
