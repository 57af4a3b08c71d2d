locals {
  # Built from the names, because the key is created before the topics.
  topic_arn_prefix = "arn:${local.partition}:sns:${local.region}:${local.account}:${var.name}-"
  key_topics       = concat(["${local.topic_arn_prefix}feedback", local.create_topic ? "${local.topic_arn_prefix}events" : var.shared_topic.arn], local.other_feedback_topics, local.mail_webhook_enabled ? ["${local.topic_arn_prefix}mail-events"] : [])

  key_policy = {
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          # Without this statement nobody could ever change the key again. In a key policy, `*` is this key.
          Sid       = "AllowAccountByIam"
          Effect    = "Allow"
          Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
          Action    = "kms:*"
          Resource  = "*"
        },
        {
          Sid       = "EncryptLogGroups"
          Effect    = "Allow"
          Principal = { Service = "logs.${local.region}.amazonaws.com" }
          Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
          Resource  = "*"
          Condition = {
            ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:*${var.name}-*" }
          }
        },
      ],
      [
        # SNS writes to the encrypted queues.
        # https://docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic-sqs-queue-subscriptions.html
        {
          Sid       = "UseKeyForSns"
          Effect    = "Allow"
          Principal = { Service = "sns.amazonaws.com" }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource  = "*"
          Condition = { ArnLike = { "aws:SourceArn" = local.key_topics } }
        },
      ],
      [
        # SES publishes to the encrypted feedback topic, CloudWatch to the alarm topic. SNS uses the key with the topic as
        # encryption context; SES's own page has no condition on the source, so there is none here.
        # https://docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic.html
        # https://docs.aws.amazon.com/ses/latest/dg/configure-sns-notifications.html
        for service, topic in { ses = "feedback", cloudwatch = "ops" } : {
          Sid                       = "UseKeyFor${title(service)}"
          Effect                    = "Allow"
          Principal                 = { Service = "${service}.amazonaws.com" }
          Action                    = ["kms:Decrypt", "kms:GenerateDataKey*"]
          Resource                  = "*"
          Condition                 = { StringEquals = { "kms:EncryptionContext:aws:sns:topicArn" = "${local.topic_arn_prefix}${topic}" } }
        }
      ],
      local.bus_key_statements,
    )
  }
}

resource "aws_kms_key" "this" {
  description             = "Herald ${var.name}: ledger, queues, topics, logs, settings"
  deletion_window_in_days = var.key_deletion_days
  enable_key_rotation     = true
  policy                  = jsonencode(local.key_policy)

  lifecycle {
    precondition {
      condition     = local.partition != "aws-cn"
      error_message = "SES does not exist in China's regions, so Herald cannot send from ${local.region}."
    }
  }
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}

# The value goes into a write-only argument, and so never into a plan or a state.
resource "aws_ssm_parameter" "address_key" {
  name        = "/${var.name}/address-key"
  description = "Key of the hash by which the ledger stores addresses. Replacing it loses every suppression"
  type        = "SecureString"
  key_id      = aws_kms_key.this.arn
  value_wo    = var.address_key

  # Never raised: the hashes in the ledger were computed with the first value.
  value_wo_version = 1
}

# Links stay valid as long as mails exist: to change the key, put the new one before the old one, with a space between.
resource "aws_ssm_parameter" "link_key" {
  name             = "/${var.name}/link-key"
  description      = "Keys that sign unsubscribe links, newest first. Removing one breaks the links that it signed"
  type             = "SecureString"
  key_id           = aws_kms_key.this.arn
  value_wo         = var.link_key
  value_wo_version = 1
}
