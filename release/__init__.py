"""Releases and rollbacks: CodeDeploy moves the alias `live` of notify from one version to the next, and back."""
