"""Creates by boto3 what Terraform creates on AWS, in about a second: first the stores, then the functions."""
