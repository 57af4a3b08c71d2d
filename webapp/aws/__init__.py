"""AWS clients and DynamoDB items of the web app."""
