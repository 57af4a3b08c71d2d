"""A DynamoDB table in memory, with the expressions, limits and refusals of DynamoDB's documentation."""
