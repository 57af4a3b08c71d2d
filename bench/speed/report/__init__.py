"""Reports the measurements: figures with their budgets, a table, and the tables of docs/performance.md."""
