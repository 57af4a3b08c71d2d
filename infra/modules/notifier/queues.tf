locals {
  fourteen_days = 1209600

  # Six times the function's timeout, as AWS recommends for a queue that a function reads.
  visibility = 6 * var.timeout

  # Only a backstop: notify writes the dead letter itself, a day after the record's first attempt or one receive earlier.
  max_receives = { retry = 201, feedback = 10 }

  # Who may write besides the functions' own roles: SNS, from exactly these topics.
  queue_topics = {
    retry    = [local.topic_arn]
    feedback = concat([module.ses.feedback_topic_arn], local.other_feedback_topics)
    dead     = [module.ses.feedback_topic_arn]
  }

  queue_policies = {
    for queue, topics in local.queue_topics : queue => {
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "SendFromTopic"
          Effect    = "Allow"
          Principal = { Service = "sns.amazonaws.com" }
          Action    = "sqs:SendMessage"
          Resource  = aws_sqs_queue.this[queue].arn

          # https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
          Condition = { ArnEquals = { "aws:SourceArn" = topics } }
        },
        merge(local.deny_insecure_transport.queue, { Resource = aws_sqs_queue.this[queue].arn }),
      ]
    }
  }
}

resource "aws_sqs_queue" "this" {
  for_each = toset(["retry", "feedback", "dead"])

  name                       = "${var.name}-${each.key}"
  message_retention_seconds  = local.fourteen_days
  visibility_timeout_seconds = each.key == "dead" ? 30 : local.visibility
  kms_master_key_id          = aws_kms_key.this.arn
}

resource "aws_sqs_queue_policy" "this" {
  for_each = local.queue_policies

  queue_url = aws_sqs_queue.this[each.key].id
  policy    = jsonencode(each.value)
}

resource "aws_sqs_queue_redrive_policy" "this" {
  for_each = local.max_receives

  queue_url = aws_sqs_queue.this[each.key].id
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.this["dead"].arn
    maxReceiveCount     = each.value
  })
}

resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  queue_url = aws_sqs_queue.this["dead"].id
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [for queue in ["feedback", "retry"] : aws_sqs_queue.this[queue].arn]
  })
}

# One message an invocation, so that a crash affects no other; the maximum concurrency keeps the sending rate.
resource "aws_lambda_event_source_mapping" "retry" {
  event_source_arn        = aws_sqs_queue.this["retry"].arn
  function_name           = aws_lambda_alias.this["notify"].arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = local.retry_concurrency
  }

  depends_on = [aws_iam_role_policy.this]
}
