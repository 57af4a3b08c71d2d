"""What the bench makes of its measurements: figures beside their budgets, a table, the page of the docs."""
