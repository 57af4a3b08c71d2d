"""Receives traces on the laptop by OTLP/HTTP, in JSON only; it is not the OpenTelemetry Collector."""
