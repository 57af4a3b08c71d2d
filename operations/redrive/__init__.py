"""Dead letters: what is in the queue `dead` and why, and sending it again."""
