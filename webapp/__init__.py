"""The web app: books, an outbox written in the same transaction, and its publication to the events topic."""
