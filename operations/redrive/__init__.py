"""Dead letters: what is in the queue `dead` and why, and how to send it again."""
