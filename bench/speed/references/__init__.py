"""What Herald's speed is measured beside: the usual libraries, a bare handler, and the floor."""
