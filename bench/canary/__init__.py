"""Simulates a thousand releases of each kind: how often a bad version is rolled back, and how often a good one."""
