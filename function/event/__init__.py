"""The event: its envelopes, CloudEvents, compression."""
