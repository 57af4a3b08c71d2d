# The relay takes new outbox events from the stream; the sweeper takes what the stream missed, once a minute.
resource "aws_lambda_event_source_mapping" "relay" {
  event_source_arn               = aws_dynamodb_table.books.stream_arn
  function_name                  = aws_lambda_function.this["relay"].arn
  starting_position              = "TRIM_HORIZON"
  batch_size                     = 100
  maximum_retry_attempts         = 3
  bisect_batch_on_function_error = true

  filter_criteria {
    filter {
      pattern = jsonencode({ eventName = ["INSERT"], dynamodb = { NewImage = { kind = { S = ["outbox"] } } } })
    }
  }

  # The reader's role must be able to read before the mapping is accepted.
  depends_on = [aws_iam_role_policy.this]
}

resource "aws_cloudwatch_event_rule" "sweeper" {
  name                = "${var.name}-sweeper"
  description         = "Publishes what the stream missed"
  schedule_expression = "rate(1 minute)"
}

resource "aws_cloudwatch_event_target" "sweeper" {
  rule = aws_cloudwatch_event_rule.sweeper.name
  arn  = aws_lambda_function.this["sweeper"].arn

  # A missed minute is made up for by the next one.
  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 0
  }

  depends_on = [aws_lambda_permission.sweeper]
}

resource "aws_lambda_permission" "sweeper" {
  statement_id   = "schedule"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this["sweeper"].function_name
  principal      = "events.amazonaws.com"
  source_arn     = aws_cloudwatch_event_rule.sweeper.arn
  source_account = local.account
}
