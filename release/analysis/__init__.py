"""Analyses a canary's traffic: both versions' figures, how long a canary must last, and the evidence for a release."""
