"""A small receiver of traces for the laptop: OTLP over HTTP, in JSON alone. It is not OpenTelemetry's collector."""
