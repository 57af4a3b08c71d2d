# What a release from GitHub Actions may do, and who may be one.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  key_arn           = "arn:aws:kms:us-east-1:000000000000:key/the-key"
  oidc_provider_arn = "arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com"
  repository        = "octo/herald"
}

run "least_privilege" {
  module {
    source = "./modules/release-role"
  }

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com", "token.actions.githubusercontent.com:sub" = "repo:octo/herald:environment:production" } }
    }]
    error_message = "One environment of one repository is trusted, for AWS only."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.this.policy).Statement == jsondecode(jsonencode(local.statements))
    error_message = "What the tests read is what the role gets."
  }
  assert {
    condition     = [for statement in local.statements : statement.Sid if contains(flatten([statement.Resource]), "*")] == ["ReadTheTarget", "WatchAlarms"]
    error_message = "Only what knows no resources, the list of alarms and a deployment's targets, is allowed on all of them."
  }
  assert {
    condition     = alltrue(flatten([for statement in local.statements : [for action in flatten([statement.Action]) : !strcontains(action, "*")]]))
    error_message = "The role names every action; no wildcards."
  }
  assert {
    condition     = alltrue(flatten([for statement in local.statements : [for arn in flatten([statement.Resource]) : contains(["ReadDeploymentConfigs", "ReadTheTarget", "WatchAlarms"], statement.Sid) || arn == var.key_arn || can(regex("[:/_]herald(-|/|$)", arn))]]))
    error_message = "Every other right is on what this Herald is called."
  }
  assert {
    condition     = output.role_arn == aws_iam_role.this.arn && aws_iam_role.this.name == "herald-us-east-1-release" && aws_iam_role.this.max_session_duration == 14400
    error_message = "The role is told, and lasts as long as a release."
  }
}

run "refusals" {
  command = plan

  module {
    source = "./modules/release-role"
  }

  variables {
    name              = "Herald"
    key_arn           = "alias/herald"
    oidc_provider_arn = "arn:aws:iam::000000000000:oidc-provider/example.com"
    repository        = "octo/*"
    environment       = "*"
    session_hours     = 13
  }

  expect_failures = [
    var.name,
    var.key_arn,
    var.oidc_provider_arn,
    var.repository,
    var.environment,
    var.session_hours,
  ]
}
