"""The event: its envelopes, CloudEvents, schemas, compression."""
