"""Events that are committed with the book, and their publication to SNS."""
