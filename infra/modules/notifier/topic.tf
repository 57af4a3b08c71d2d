locals {
  create_topic = var.shared_topic == null
  topic_arn    = local.create_topic ? aws_sns_topic.events[0].arn : var.shared_topic.arn
  filter       = local.create_topic ? {} : var.shared_topic.filter

  publishers = concat(var.publishers, local.events_api_enabled ? [aws_iam_role.this["events-api"].arn] : [])

  topic_policy = {
    Version = "2012-10-17"
    Statement = concat(
      length(local.publishers) == 0 ? [] : [
        {
          Sid       = "AllowNamedPublishers"
          Effect    = "Allow"
          Principal = { AWS = local.publishers }
          Action    = "sns:Publish"
          Resource  = local.topic_arn
        },
      ],
      local.bus_topic_statements,
      [
        {
          # Without this, an identity policy in the same account would be enough to publish. EventBridge has no principal ARN:
          # its rule is the source ARN, which a publisher cannot set.
          Sid       = "DenyOtherPublishers"
          Effect    = "Deny"
          Principal = "*"
          Action    = "sns:Publish"
          Resource  = local.topic_arn
          Condition = { ArnNotEquals = merge(local.event_bus_enabled ? { "aws:SourceArn" = [local.bus_rule] } : {}, { "aws:PrincipalArn" = length(local.publishers) == 0 ? ["arn:${local.partition}:iam::${local.account}:role/nobody"] : local.publishers }) }
        },
        merge(local.deny_insecure_transport.topic, { Resource = local.topic_arn }),
      ],
    )
  }
}

resource "aws_sns_topic" "events" {
  count = local.create_topic ? 1 : 0

  name              = "${var.name}-events"
  kms_master_key_id = aws_kms_key.this.arn
}

resource "aws_sns_topic_policy" "events" {
  count = local.create_topic ? 1 : 0

  arn    = aws_sns_topic.events[0].arn
  policy = jsonencode(local.topic_policy)
}

# No filter on Herald's own topic: an event of unknown type becomes a visible dead letter instead of being dropped by SNS.
resource "aws_sns_topic_subscription" "events" {
  topic_arn           = local.topic_arn
  protocol            = "lambda"
  endpoint            = aws_lambda_alias.this["notify"].arn
  filter_policy       = length(local.filter) == 0 ? null : jsonencode(local.filter)
  filter_policy_scope = length(local.filter) == 0 ? null : "MessageAttributes"
  redrive_policy      = jsonencode({ deadLetterTargetArn = aws_sqs_queue.this["retry"].arn })

  # SNS needs permission to invoke the endpoint, and gives up at once if the dead letter queue refuses the message.
  depends_on = [aws_lambda_permission.events, aws_sqs_queue_policy.this]
}

resource "aws_lambda_permission" "events" {
  statement_id  = "events"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["notify"].function_name
  qualifier     = aws_lambda_alias.this["notify"].name
  principal     = "sns.amazonaws.com"
  source_arn    = local.topic_arn
}
