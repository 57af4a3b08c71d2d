"""The web app's Lambda functions, one module each."""
