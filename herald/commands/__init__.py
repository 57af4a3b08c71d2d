"""The commands of `herald`, sorted by task: one module for each group of them."""
