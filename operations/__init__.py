"""What an operator does to a running Herald; used by the command line and by the web app's pages."""
