"""What every Lambda entry point runs on: fast clients, TLS, lean dataclasses, metrics."""
