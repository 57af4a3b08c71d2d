"""Makes by boto3 what Terraform makes on AWS, in about a second: what keeps state first, then what runs."""
