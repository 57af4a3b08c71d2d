# SES publishes to this topic. The caller subscribes the queue `feedback` to it.
locals {
  set_arns = [for name in concat([var.name], sort(keys(var.tenant_sets))) : aws_sesv2_configuration_set.this[name].arn]

  feedback_topic_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "PublishFeedback"
        Effect    = "Allow"
        Principal = { Service = "ses.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.feedback.arn

        # https://docs.aws.amazon.com/ses/latest/dg/event-publishing-add-event-destination-sns.html
        Condition = {
          StringEquals = { "aws:SourceAccount" = var.account_id }
          ArnEquals    = { "aws:SourceArn" = try(one(local.set_arns), local.set_arns) }
        }
      },
      {
        Sid       = "DenyInsecureTransport"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.feedback.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  }
}

resource "aws_sns_topic" "feedback" {
  name              = "${var.name}-feedback"
  kms_master_key_id = var.key_arn
}

resource "aws_sns_topic_policy" "feedback" {
  arn    = aws_sns_topic.feedback.arn
  policy = jsonencode(local.feedback_topic_policy)
}
