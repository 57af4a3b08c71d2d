# Mail events, which tell subscribers what becomes of each mail: from the ledger's stream by a function to a topic. None of
# it is created unless `mail_events` is set. A stream's records are retried after every failure, and are gone after a day.
# https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
locals {
  mail_events_settings = { HERALD_MAIL_EVENTS_TOPIC_ARN = one(aws_sns_topic.mail_events[*].arn) }

  # The same as in function/ledger/mail_event.py; a test compares the two.
  mail_events_filter = {
    eventName = ["INSERT", "MODIFY"]
    dynamodb = {
      Keys     = { pk = { S = [{ prefix = "message#" }] } }
      NewImage = { state = { S = ["scheduled", "cancelled", "sent", "delivered", "bounced", "soft_bounced", "complained", "suppressed", "rejected", "refused"] } }
    }
  }

  mail_events_statements = [
    {
      Sid      = "ReadTheStream"
      Effect   = "Allow"
      Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
      Resource = "${aws_dynamodb_table.ledger.arn}/stream/*"
    },
    {
      Sid      = "PublishMailEvents"
      Effect   = "Allow"
      Action   = "sns:Publish"
      Resource = one(aws_sns_topic.mail_events[*].arn)
    },
    {
      # Lambda writes there, with the function's role, which part of the stream it gave up.
      Sid      = "SendToFailureQueue"
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = one(aws_sqs_queue.mail_events[*].arn)
    },
  ]

  mail_events_alarms = { for name, alarm in {
    mail-events-errors = {
      description = "mail-events failed unexpectedly; it publishes again what it read"
      namespace   = "AWS/Lambda", metric = "Errors", dimensions = lookup(local.on_alias, "mail-events", null)
      statistic   = "Sum", period = 300, periods = 1, threshold = 1
    }
    mail-events-behind = {
      description = "Mail events are a quarter of an hour late; after 12 hours they are given up"
      namespace   = "AWS/Lambda", metric = "IteratorAge", dimensions = lookup(local.on_alias, "mail-events", null)
      statistic   = "Maximum", period = 300, periods = 1, threshold = 900000
    }
    mail-events-lost = {
      description = "A part of the ledger's stream was given up: for 12 hours more it can be read and published by hand"
      namespace   = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = one(aws_sqs_queue.mail_events[*].name) }
      statistic   = "Maximum", period = 60, periods = 1, threshold = 1
    }
  } : name => alarm if var.mail_events }
}

resource "aws_sns_topic" "mail_events" {
  count = var.mail_events ? 1 : 0

  name              = "${var.name}-mail-events"
  kms_master_key_id = aws_kms_key.this.arn
}

resource "aws_sns_topic_policy" "mail_events" {
  count = var.mail_events ? 1 : 0

  arn = aws_sns_topic.mail_events[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Without this, an identity policy in the same account would be enough to publish.
        Sid       = "DenyOtherPublishers"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.mail_events[0].arn
        Condition = { ArnNotEquals = { "aws:PrincipalArn" = aws_iam_role.this["mail-events"].arn } }
      },
      merge(local.deny_insecure_transport.topic, { Resource = aws_sns_topic.mail_events[0].arn }),
    ]
  })
}

resource "aws_sqs_queue" "mail_events" {
  count = var.mail_events ? 1 : 0

  name                      = "${var.name}-mail-events-lost"
  message_retention_seconds = local.fourteen_days
  kms_master_key_id         = aws_kms_key.this.arn
}

resource "aws_sqs_queue_policy" "mail_events" {
  count = var.mail_events ? 1 : 0

  queue_url = aws_sqs_queue.mail_events[0].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.deny_insecure_transport.queue, { Resource = aws_sqs_queue.mail_events[0].arn })]
  })
}

# Retried for half of the stream's 24 hours, then given up, so that the other half is left to publish it by hand.
resource "aws_lambda_event_source_mapping" "mail_events" {
  count = var.mail_events ? 1 : 0

  event_source_arn                   = aws_dynamodb_table.ledger.stream_arn
  function_name                      = aws_lambda_alias.this["mail-events"].arn
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = 100
  maximum_batching_window_in_seconds = 5
  function_response_types            = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error     = true
  maximum_record_age_in_seconds      = 43200

  filter_criteria {
    filter {
      pattern = jsonencode(local.mail_events_filter)
    }
  }

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.mail_events[0].arn
    }
  }

  # The reader's role must be able to read before the mapping is accepted.
  depends_on = [aws_iam_role_policy.this]
}
