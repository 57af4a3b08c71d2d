data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  alias     = "live"

  # In the policy of each topic and queue, which is added as the resource.
  deny_insecure_transport = { for kind, action in { topic = "sns:Publish", queue = "sqs:*" } : kind => {
    Sid       = "DenyInsecureTransport"
    Effect    = "Deny"
    Principal = "*"
    Action    = action
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  } }
}
