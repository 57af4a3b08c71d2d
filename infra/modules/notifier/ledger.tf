resource "aws_dynamodb_table" "ledger" {
  name                        = "${var.name}-ledger"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  deletion_protection_enabled = var.deletion_protection
  stream_enabled              = var.mail_events
  stream_view_type            = var.mail_events ? "NEW_AND_OLD_IMAGES" : null

  attribute {
    name = "pk"
    type = "S"
  }

  # With `scheduling`, the index of items that wait for their time: only these have the attributes.
  dynamic "attribute" {
    for_each = var.scheduling ? { due = "S", due_at = "N" } : {}

    content {
      name = attribute.key
      type = attribute.value
    }
  }

  dynamic "global_secondary_index" {
    for_each = var.scheduling ? ["due"] : []

    content {
      name            = global_secondary_index.value
      hash_key        = "due"
      range_key       = "due_at"
      projection_type = "KEYS_ONLY"
    }
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
    kms_key_arn = aws_kms_key.this.arn
  }
}
