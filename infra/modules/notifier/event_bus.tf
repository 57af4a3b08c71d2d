# Events from an existing EventBridge bus, only if `event_bus` is set: a rule sends the `detail` of matching events to the
# topic, unchanged. An input transformer would rewrite it: it does not escape the values that it puts between quotes, and
# cannot tell an array from text. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
locals {
  event_bus_enabled = var.event_bus != null
  bus_rule          = one(aws_cloudwatch_event_rule.bus[*].arn)
  bus_queue_name    = "${var.name}-bus-undelivered"

  # Without a condition on the source account: EventBridge's page has only the rule.
  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
  bus_topic_statements = [for statement in [
    {
      Sid       = "PublishFromEventBridge"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = local.topic_arn
      Condition = { ArnEquals = { "aws:SourceArn" = local.bus_rule } }
    }
  ] : statement if local.event_bus_enabled]

  # For an encrypted topic and queue EventBridge passes no source: the encryption contexts of SNS and SQS restrict the key.
  # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
  bus_key_statements = [for statement in [
    {
      Sid       = "UseKeyForEventBridgeToTopic"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Condition = { StringEquals = { "kms:EncryptionContext:aws:sns:topicArn" = "${local.topic_arn_prefix}events" } }
    },
    {
      Sid       = "UseKeyForEventBridgeToQueue"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Condition = { StringEquals = { "kms:EncryptionContext:aws:sqs:arn" = "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.bus_queue_name}" } }
    },
  ] : statement if local.event_bus_enabled]

  bus_alarms = { for name, alarm in {
    bus-undelivered = {
      description = "EventBridge could not deliver an event of the bus to the topic: it is kept in a queue of its own, for 14 days"
      namespace   = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = one(aws_sqs_queue.bus[*].name) }
      statistic   = "Maximum", period = 60, periods = 1, threshold = 1
    }
  } : name => alarm if local.event_bus_enabled }
}

resource "aws_cloudwatch_event_rule" "bus" {
  count = local.event_bus_enabled ? 1 : 0

  name           = "${var.name}-events"
  description    = "Sends events to Herald's topic"
  event_bus_name = var.event_bus.name
  event_pattern  = var.event_bus.pattern
}

# Retried for a day, EventBridge's maximum, and then kept in the queue.
resource "aws_cloudwatch_event_target" "bus" {
  count = local.event_bus_enabled ? 1 : 0

  rule           = aws_cloudwatch_event_rule.bus[0].name
  event_bus_name = var.event_bus.name
  arn            = local.topic_arn
  input_path     = "$.detail"

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.bus[0].arn
  }

  depends_on = [aws_sns_topic_policy.events, aws_sqs_queue_policy.bus]
}

resource "aws_sqs_queue" "bus" {
  count = local.event_bus_enabled ? 1 : 0

  name                      = local.bus_queue_name
  message_retention_seconds = local.fourteen_days
  kms_master_key_id         = aws_kms_key.this.arn
}

resource "aws_sqs_queue_policy" "bus" {
  count = local.event_bus_enabled ? 1 : 0

  queue_url = aws_sqs_queue.bus[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
        Sid       = "SendFromRule"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.bus[0].arn
        Condition = { ArnEquals = { "aws:SourceArn" = local.bus_rule } }
      },
      merge(local.deny_insecure_transport.queue, { Resource = aws_sqs_queue.bus[0].arn }),
    ]
  })
}
