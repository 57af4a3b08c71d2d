"""Commands by which an operator works on a running Herald."""
