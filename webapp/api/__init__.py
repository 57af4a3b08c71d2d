"""The JSON API and its HTTP conventions."""
