"""The commands of `herald`, by what a person does: one module for each group of them."""
