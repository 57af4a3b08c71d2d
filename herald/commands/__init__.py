"""The commands of `herald`, one module for each group."""
