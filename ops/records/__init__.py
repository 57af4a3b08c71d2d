"""What Herald keeps about people, at a person's hands: the suppression list, and forgetting somebody."""
