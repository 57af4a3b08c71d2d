"""What a team does to its notifications, and to the events that cause them."""
