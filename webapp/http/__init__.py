"""What the API and the pages share: error handling, and what applies to every request."""
