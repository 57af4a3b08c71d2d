"""Commands by which a team works on its notifications, and on the events that cause them."""
