"""The SQS queues `retry` and `dead`: delays and dead letters."""
