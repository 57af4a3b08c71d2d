"""What operators do in the web app, with an audit record."""
