"""What the traffic of a canary proves: both versions' figures, the alarms, and how long it takes."""
