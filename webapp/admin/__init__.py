"""What operators do in the web app, on the record."""
