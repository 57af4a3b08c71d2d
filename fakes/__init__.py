"""Fakes of what is outside Herald, for its tests and measurements: each keeps what it was given."""
