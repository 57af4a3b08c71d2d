data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name

  # GitHub's issuer, without https, as IAM writes it in the names of claims.
  # https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
  issuer = "token.actions.githubusercontent.com"

  # One environment of one repository: the environment's own rules say who may release, and from which branch.
  trust = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = var.oidc_provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "repo:${var.repository}:environment:${var.environment}"
        }
      }
    }]
  }
}

resource "aws_iam_role" "this" {
  name                 = "${var.name}-${local.region}-release"
  description          = "Permissions of a release of ${var.name}"
  assume_role_policy   = jsonencode(local.trust)
  max_session_duration = var.session_hours * 3600
}

resource "aws_iam_role_policy" "this" {
  name   = "release"
  role   = aws_iam_role.this.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}
