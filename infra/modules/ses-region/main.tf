# SES in a second region, for `ses://REGION` in the notifier's providers_in_order: what is needed to send there and to
# deliver feedback to the notifier's queue. The region is that of the provider passed to the module.
data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account     = data.aws_caller_identity.current.account_id
  partition   = data.aws_partition.current.partition
  region      = data.aws_region.current.name
  home_region = split(":", var.feedback_queue_arn)[3]

  # All other regions are opt-in, and between those and these SNS delivers with other principals, or not at all.
  # https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
  # https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html (which lists ap-northeast-3 with the opt-in regions)
  default_regions = [
    "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
    "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    "us-gov-east-1", "us-gov-west-1",
  ]
}

# A key can be used only in its region.
resource "aws_kms_key" "this" {
  description             = "Herald ${var.name}: feedback of SES in ${local.region}"
  deletion_window_in_days = var.key_deletion_days
  enable_key_rotation     = true
  policy                  = jsonencode(local.key_policy)

  lifecycle {
    precondition {
      condition     = local.region != local.home_region
      error_message = "The second region must differ from the first, ${local.home_region}."
    }
    precondition {
      condition     = alltrue([for region in [local.home_region, local.region] : contains(local.default_regions, region)])
      error_message = "Feedback is only delivered between regions that are enabled by default, so not from ${local.region} to ${local.home_region}: one of them is an opt-in region."
    }
  }
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}

locals {
  # Built from the name, because the key is created before the topic.
  topic_arn = "arn:${local.partition}:sns:${local.region}:${local.account}:${var.name}-feedback"

  key_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        # Without this statement nobody could ever change the key again. In a key policy, `*` is this key.
        Sid       = "AllowAccountByIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        # SES publishes to the encrypted topic.
        # https://docs.aws.amazon.com/ses/latest/dg/configure-sns-notifications.html
        Sid       = "UseKeyForSes"
        Effect    = "Allow"
        Principal = { Service = "ses.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "kms:EncryptionContext:aws:sns:topicArn" = local.topic_arn } }
      },
      {
        # SNS writes to the encrypted queue what it could not deliver to the first region.
        # https://docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic-sqs-queue-subscriptions.html
        Sid       = "UseKeyForSns"
        Effect    = "Allow"
        Principal = { Service = "sns.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { ArnLike = { "aws:SourceArn" = local.topic_arn } }
      },
    ]
  }
}
