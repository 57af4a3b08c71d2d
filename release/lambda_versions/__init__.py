"""Versions of Lambda functions: publish their code, find the version before, move the alias, delete old ones."""
