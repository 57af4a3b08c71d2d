"""The web app: books, an outbox in the same transaction, and the road from there to the events topic."""
