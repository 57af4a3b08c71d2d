"""DynamoDB's expressions: read, checked and carried out."""
