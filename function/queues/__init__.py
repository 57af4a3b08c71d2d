"""The SQS queues `retry` and `dead`: dead letters, delays, compression."""
