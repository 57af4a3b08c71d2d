# Events for later, only if `scheduling` is on: a sparse index of the ledger with what waits, and a function that queries it
# once a minute and puts what is due into the queue `retry`. It decides nothing about mails, so it is deployed by hash,
# outside of releases.
locals {
  scheduler_statements = [
    {
      Sid      = "QueryDueRecords"
      Effect   = "Allow"
      Action   = "dynamodb:Query"
      Resource = "${aws_dynamodb_table.ledger.arn}/index/due"
    },
    {
      # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
      Sid       = "PostponeDueRecords"
      Effect    = "Allow"
      Action    = "dynamodb:UpdateItem"
      Resource  = aws_dynamodb_table.ledger.arn
      Condition = { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["message#*"] } }
    },
    {
      Sid      = "SendToRetry"
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = aws_sqs_queue.this["retry"].arn
    },
  ]
}

resource "aws_lambda_function" "scheduler" {
  count = var.scheduling ? 1 : 0

  function_name    = local.names.scheduler
  description      = "Herald: scheduler"
  role             = aws_iam_role.this["scheduler"].arn
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  handler          = "function.scheduler.handler"
  runtime          = "python3.13"
  architectures    = [var.architecture]
  memory_size      = 256
  timeout          = 60
  kms_key_arn      = aws_kms_key.this.arn

  environment {
    variables = {
      HERALD_LEDGER_TABLE    = aws_dynamodb_table.ledger.name
      HERALD_RETRY_QUEUE_URL = aws_sqs_queue.this["retry"].url
    }
  }

  logging_config {
    log_group             = aws_cloudwatch_log_group.this["scheduler"].name
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "WARN"
  }

  tracing_config {
    mode = var.traced ? "Active" : "PassThrough"
  }

  # IAM takes a moment to apply a policy; a function that starts before fails its first run.
  depends_on = [aws_iam_role_policy.this]
}

# EventBridge only puts the run into Lambda's own queue, which would retry it twice and keep it for six hours: runs that pile
# up behind a failure would all do the same. A missed run is made up for by the next one.
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html
resource "aws_lambda_function_event_invoke_config" "scheduler" {
  count = var.scheduling ? 1 : 0

  function_name                = aws_lambda_function.scheduler[0].function_name
  maximum_event_age_in_seconds = 60
  maximum_retry_attempts       = 0
}

resource "aws_cloudwatch_event_rule" "scheduler" {
  count = var.scheduling ? 1 : 0

  name                = local.names.scheduler
  description         = "Puts due events into the retry queue"
  schedule_expression = "rate(1 minute)"
}

resource "aws_cloudwatch_event_target" "scheduler" {
  count = var.scheduling ? 1 : 0

  rule = aws_cloudwatch_event_rule.scheduler[0].name
  arn  = aws_lambda_function.scheduler[0].arn

  # A missed run is made up for by the next one.
  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 0
  }

  depends_on = [aws_lambda_permission.scheduler]
}

# Only the rule's ARN: with a source account as well, EventBridge cannot invoke the function.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
resource "aws_lambda_permission" "scheduler" {
  count = var.scheduling ? 1 : 0

  statement_id  = "schedule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.scheduler[0].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.scheduler[0].arn
}
