"""A thousand releases of each kind, simulated: how often a bad version is taken back, and how often a good one."""
