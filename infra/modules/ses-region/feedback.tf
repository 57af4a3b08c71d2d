# SES publishes to the topic of its own region, and that delivers to the queue `feedback` in the first region.
# https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
locals {
  undelivered_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "SendFromTopic"
        Effect    = "Allow"
        Principal = { Service = "sns.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.undelivered.arn

        # https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
        Condition = { ArnEquals = { "aws:SourceArn" = module.ses.feedback_topic_arn } }
      },
      {
        Sid       = "DenyInsecureTransport"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.undelivered.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  }
}

# A subscription's dead letters stay in its own region.
# https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
resource "aws_sqs_queue" "undelivered" {
  name                      = "${var.name}-feedback-undelivered"
  message_retention_seconds = 1209600
  kms_master_key_id         = aws_kms_key.this.arn
}

resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.id
  policy    = jsonencode(local.undelivered_policy)
}

resource "aws_sns_topic_subscription" "feedback" {
  topic_arn      = module.ses.feedback_topic_arn
  protocol       = "sqs"
  endpoint       = var.feedback_queue_arn
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.undelivered.arn })

  depends_on = [aws_sqs_queue_policy.undelivered]
}
