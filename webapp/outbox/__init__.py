"""Events committed with the book, and their way to SNS."""
