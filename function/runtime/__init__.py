"""The common basis of all Lambda entry points: fast clients, TLS, lean dataclasses, metrics."""
