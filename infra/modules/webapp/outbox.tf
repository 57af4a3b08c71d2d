# The relay publishes new outbox events from the stream; the sweeper what the stream missed; and the reconciliation, again,
# published events that the ledger does not have or that are stuck in it.
resource "aws_lambda_event_source_mapping" "relay" {
  event_source_arn               = aws_dynamodb_table.books.stream_arn
  function_name                  = aws_lambda_function.this["relay"].arn
  starting_position              = "TRIM_HORIZON"
  batch_size                     = 10
  function_response_types        = ["ReportBatchItemFailures"]
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

locals {
  schedules = {
    sweeper   = { every = "rate(1 minute)", description = "Publishes what the stream missed" }
    reconcile = { every = "rate(1 hour)", description = "Publishes again what is missing from the ledger or stuck in it" }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.schedules

  name                = local.names[each.key]
  description         = each.value.description
  schedule_expression = each.value.every
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.schedules

  rule = aws_cloudwatch_event_rule.this[each.key].name
  arn  = aws_lambda_function.this[each.key].arn

  # A missed run is made up for by the next one.
  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 0
  }

  depends_on = [aws_lambda_permission.schedule]
}

# Only the rule's ARN: with a source account as well, EventBridge cannot invoke the function.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
resource "aws_lambda_permission" "schedule" {
  for_each = local.schedules

  statement_id  = "schedule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this[each.key].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this[each.key].arn
}
