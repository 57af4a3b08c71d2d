"""What surrounds the API and the pages: errors into answers, and what holds for every request."""
