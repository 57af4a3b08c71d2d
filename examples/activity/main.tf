# Fan-out: a queue of its own, subscribed to both topics. Herald knows nothing of it.
data "aws_caller_identity" "current" {}

resource "aws_sqs_queue" "events" {
  name                       = "activity"
  visibility_timeout_seconds = 180
  message_retention_seconds  = 1209600
  sqs_managed_sse_enabled    = true
  redrive_policy             = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 10 })
}

resource "aws_sqs_queue" "dead" {
  name                      = "activity-dead"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "events" {
  queue_url = aws_sqs_queue.events.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "FromTheTopics"
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.events.arn
      Condition = { ArnEquals = { "aws:SourceArn" = var.topics } }
    }]
  })
}

# The message is the event itself, without SNS's envelope.
resource "aws_sns_topic_subscription" "events" {
  count = length(var.topics)

  topic_arn            = var.topics[count.index]
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.events.arn
  raw_message_delivery = true

  depends_on = [aws_sqs_queue_policy.events]
}

resource "aws_dynamodb_table" "activity" {
  name         = "activity"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"

  attribute {
    name = "pk"
    type = "S"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }
}

resource "aws_iam_role" "activity" {
  name = "activity"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "activity" {
  name = "activity"
  role = aws_iam_role.activity.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:PutItem", "dynamodb:UpdateItem"], Resource = aws_dynamodb_table.activity.arn },
      { Effect = "Allow", Action = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], Resource = aws_sqs_queue.events.arn },
      { Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = "${aws_cloudwatch_log_group.activity.arn}:*" },
    ]
  })
}

resource "aws_cloudwatch_log_group" "activity" {
  name              = "/aws/lambda/activity"
  retention_in_days = 30
}

resource "aws_lambda_function" "activity" {
  function_name    = "activity"
  role             = aws_iam_role.activity.arn
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  handler          = "activity.handler"
  runtime          = "python3.13"
  timeout          = 30

  environment {
    variables = { ACTIVITY_TABLE = aws_dynamodb_table.activity.name }
  }

  depends_on = [aws_iam_role_policy.activity, aws_cloudwatch_log_group.activity]
}

resource "aws_lambda_event_source_mapping" "events" {
  event_source_arn        = aws_sqs_queue.events.arn
  function_name           = aws_lambda_function.activity.arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  depends_on = [aws_iam_role_policy.activity]
}
