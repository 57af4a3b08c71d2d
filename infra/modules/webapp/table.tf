# Books and their outbox; webapp/aws/table.py describes the items.
resource "aws_dynamodb_table" "books" {
  name                        = "${var.name}-books"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  stream_enabled              = true
  stream_view_type            = "NEW_IMAGE"
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  attribute {
    name = "queue"
    type = "S"
  }

  attribute {
    name = "since"
    type = "N"
  }

  # Sparse: only outbox events that still need processing have these keys.
  global_secondary_index {
    name            = "pending"
    hash_key        = "queue"
    range_key       = "since"
    projection_type = "KEYS_ONLY"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.key_arn
  }
}
