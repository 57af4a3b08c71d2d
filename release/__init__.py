"""Releases: the alias `live` of notify moves from one version to the next by CodeDeploy, and back if need be."""
