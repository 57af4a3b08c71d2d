"""What is written of one mail, as requests to DynamoDB. Pure."""
