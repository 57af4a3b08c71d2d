"""Dead letters at a person's hands: what lies in `dead` and why, and sending it again."""
