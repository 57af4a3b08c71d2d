"""What a person runs against a cloud: the laptop's, or AWS."""
