"""The laptop cloud's console: causes on demand what AWS does by chance, and shows the outcome of each event."""
