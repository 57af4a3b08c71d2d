# Posts mail events to an external URL: a queue subscribed to the topic of mail events, a function that signs and posts, and
# a queue for what the receiver did not accept in two days. None of it is created unless a URL is named. The function decides
# nothing about mails, so it is deployed by hash, outside of releases.
locals {
  mail_webhook_enabled = var.mail_webhook != null
  mail_webhook_secret  = one(var.mail_webhook[*].secret)

  # function/mail_webhook.py has a wait between each two of these receives; a test compares the two.
  mail_webhook_receives = 10
  mail_webhook_timeout  = 30

  mail_webhook_statements = [
    {
      Sid      = "ReadTheQueue"
      Effect   = "Allow"
      Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      Resource = one(aws_sqs_queue.mail_webhook[*].arn)
    },
    {
      Sid      = "ReadTheSecret"
      Effect   = "Allow"
      Action   = can(regex("^arn:[^:]+:ssm:", local.mail_webhook_secret)) ? "ssm:GetParameter" : "secretsmanager:GetSecretValue"
      Resource = local.mail_webhook_secret
    },
    {
      # This action supports no resource.
      Sid      = "ListEventSourceMappings"
      Effect   = "Allow"
      Action   = "lambda:ListEventSourceMappings"
      Resource = "*"
    },
    {
      # For a receiver that answers 410: it wants no more posts.
      Sid       = "DisableWebhookMapping"
      Effect    = "Allow"
      Action    = "lambda:UpdateEventSourceMapping"
      Resource  = "arn:${local.partition}:lambda:${local.region}:${local.account}:event-source-mapping:*"
      Condition = { ArnEquals = { "lambda:FunctionArn" = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${var.name}-mail-webhook" } }
    },
  ]

  mail_webhook_alarms = { for name, alarm in {
    mail-webhook-failures = {
      description = "mail-webhook failed unexpectedly; it retries what it could not post"
      namespace   = "AWS/Lambda", metric = "Errors", dimensions = { FunctionName = "${var.name}-mail-webhook" }
      statistic   = "Sum", period = 300, periods = 1, threshold = 1
    }
    mail-webhook-gone = {
      description = "The webhook's receiver answered 410, which means that it wants no more: nothing is posted until somebody enables it again"
      namespace   = "Herald", metric = "WebhookGone", dimensions = { Service = "${var.name}-mail-webhook" }
      statistic   = "Sum", period = 300, periods = 1, threshold = 1
    }
    mail-webhook-letters = {
      description = "The webhook's receiver did not accept an event in two days: it is kept for 14 days, to be posted again"
      namespace   = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = "${var.name}-mail-webhook-dead" }
      statistic   = "Maximum", period = 60, periods = 1, threshold = 1
    }
  } : name => alarm if local.mail_webhook_enabled }
}

resource "aws_sqs_queue" "mail_webhook" {
  count = local.mail_webhook_enabled ? 1 : 0

  name                       = "${var.name}-mail-webhook"
  message_retention_seconds  = local.fourteen_days
  visibility_timeout_seconds = 6 * local.mail_webhook_timeout
  kms_master_key_id          = aws_kms_key.this.arn

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.mail_webhook_dead[0].arn
    maxReceiveCount     = local.mail_webhook_receives
  })
}

resource "aws_sqs_queue" "mail_webhook_dead" {
  count = local.mail_webhook_enabled ? 1 : 0

  name                      = "${var.name}-mail-webhook-dead"
  message_retention_seconds = local.fourteen_days
  kms_master_key_id         = aws_kms_key.this.arn
}

resource "aws_sqs_queue_policy" "mail_webhook" {
  count = local.mail_webhook_enabled ? 1 : 0

  queue_url = aws_sqs_queue.mail_webhook[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "SendFromTopic"
        Effect    = "Allow"
        Principal = { Service = "sns.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.mail_webhook[0].arn

        # https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
        Condition = { ArnEquals = { "aws:SourceArn" = one(aws_sns_topic.mail_events[*].arn) } }
      },
      merge(local.deny_insecure_transport.queue, { Resource = aws_sqs_queue.mail_webhook[0].arn }),
    ]
  })
}

resource "aws_sqs_queue_policy" "mail_webhook_dead" {
  count = local.mail_webhook_enabled ? 1 : 0

  queue_url = aws_sqs_queue.mail_webhook_dead[0].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.deny_insecure_transport.queue, { Resource = aws_sqs_queue.mail_webhook_dead[0].arn })]
  })
}

# Raw: the body that is posted is the one that was published.
resource "aws_sns_topic_subscription" "mail_webhook" {
  count = local.mail_webhook_enabled ? 1 : 0

  topic_arn            = one(aws_sns_topic.mail_events[*].arn)
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.mail_webhook[0].arn
  raw_message_delivery = true

  depends_on = [aws_sqs_queue_policy.mail_webhook]
}

resource "aws_lambda_function" "mail_webhook" {
  count = local.mail_webhook_enabled ? 1 : 0

  function_name    = local.names["mail-webhook"]
  description      = "Herald: mail-webhook"
  role             = aws_iam_role.this["mail-webhook"].arn
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  handler          = "function.mail_webhook.handler"
  runtime          = "python3.13"
  architectures    = [var.architecture]
  memory_size      = 256
  timeout          = local.mail_webhook_timeout
  kms_key_arn      = aws_kms_key.this.arn

  environment {
    variables = {
      HERALD_MAIL_WEBHOOK_URL       = var.mail_webhook.url
      HERALD_MAIL_WEBHOOK_SECRET    = var.mail_webhook.secret
      HERALD_MAIL_WEBHOOK_QUEUE_URL = aws_sqs_queue.mail_webhook[0].url
    }
  }

  logging_config {
    log_group             = aws_cloudwatch_log_group.this["mail-webhook"].name
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "WARN"
  }

  tracing_config {
    mode = var.traced ? "Active" : "PassThrough"
  }

  # IAM takes a moment to apply a policy; a function that starts before fails its first events.
  depends_on = [aws_iam_role_policy.this]
}

# One event an invocation, so that a post that hangs delays no other; and at most `max_concurrency` invocations at a time.
resource "aws_lambda_event_source_mapping" "mail_webhook" {
  count = local.mail_webhook_enabled ? 1 : 0

  event_source_arn        = aws_sqs_queue.mail_webhook[0].arn
  function_name           = aws_lambda_function.mail_webhook[0].arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.mail_webhook.max_concurrency
  }

  depends_on = [aws_iam_role_policy.this]
}
