"""What every Lambda entry point needs: bootstrap, settings, clients, metrics."""
