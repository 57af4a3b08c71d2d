"""What the traffic of a canary proves: both versions' figures, how long it takes, and the evidence of a release."""
