"""The ledger's writes about one mail, as requests to DynamoDB. Pure."""
