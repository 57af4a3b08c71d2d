# SES publishes to a topic, which delivers to a queue, which a function reads: authorized by IAM, without a public webhook.
locals {
  # The topics of modules/ses-region, by their names: they publish to the queue here.
  other_regions         = [for region in local.sending_regions : region if region != local.region]
  other_feedback_topics = [for region in local.other_regions : "arn:${local.partition}:sns:${region}:${local.account}:${var.name}-feedback"]

  # What such a topic could not deliver is queued in its own region, which no alarm of this region can watch: feedback counts it.
  undelivered_queues = { for region in local.other_regions : region => "https://sqs.${region}.amazonaws.com/${local.account}/${var.name}-feedback-undelivered" }

  undelivered_statements = length(local.other_regions) == 0 ? [] : [
    {
      Sid      = "CountUndeliveredFeedback"
      Effect   = "Allow"
      Action   = "sqs:GetQueueAttributes"
      Resource = [for region in local.other_regions : "arn:${local.partition}:sqs:${region}:${local.account}:${var.name}-feedback-undelivered"]
    },
  ]
}

resource "aws_sns_topic_subscription" "feedback" {
  topic_arn      = module.ses.feedback_topic_arn
  protocol       = "sqs"
  endpoint       = aws_sqs_queue.this["feedback"].arn
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.this["dead"].arn })

  depends_on = [aws_sqs_queue_policy.this]
}

resource "aws_lambda_event_source_mapping" "feedback" {
  event_source_arn                   = aws_sqs_queue.this["feedback"].arn
  function_name                      = aws_lambda_alias.this["feedback"].arn
  batch_size                         = var.feedback_batch.size
  maximum_batching_window_in_seconds = var.feedback_batch.seconds
  function_response_types            = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = max(2, ceil(var.send_rate / 25))
  }

  # The reader's role must be able to read before the mapping is accepted.
  depends_on = [aws_iam_role_policy.this]
}

################################################################################
# Hourly count of dead letters
################################################################################

resource "aws_cloudwatch_event_rule" "dead_letters" {
  name                = "${var.name}-dead-letters"
  description         = "Makes feedback count the dead letters"
  schedule_expression = "rate(1 hour)"
}

resource "aws_cloudwatch_event_target" "dead_letters" {
  rule = aws_cloudwatch_event_rule.dead_letters.name
  arn  = aws_lambda_alias.this["feedback"].arn

  # A missed run is made up for by the next one.
  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 0
  }

  depends_on = [aws_lambda_permission.dead_letters]
}

# Only the rule's ARN: with a source account as well, EventBridge cannot invoke the function.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
resource "aws_lambda_permission" "dead_letters" {
  statement_id  = "DeadLettersSchedule"
  function_name = aws_lambda_function.this["feedback"].function_name
  qualifier     = aws_lambda_alias.this["feedback"].name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.dead_letters.arn
}
