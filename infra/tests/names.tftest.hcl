# With the longest prefix that is allowed, in the longest region and another partition, every name is one that its service takes.
mock_provider "aws" {
  source = "./tests/mocks"

  override_data {
    target = data.aws_region.current
    values = { name = "ap-southeast-1" }
  }
  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-us-gov" }
  }
}

variables {
  name = "abcdefghijklmnopqrstuvwx"
}

run "notifier" {
  module {
    source = "./modules/notifier"
  }

  variables {
    package     = "tests/packages/empty.zip"
    identity    = { domain = "herald.example" }
    sender      = "books@herald.example"
    address_key = "a secret of tests, long enough: 0123456789"
    link_key    = "a secret of tests, long enough: 0123456789"
    deployment  = { canary = { percent = 99, minutes = 2880 } }
  }

  assert {
    condition     = alltrue([for name in concat([for function in aws_lambda_function.this : function.function_name], [for role in aws_iam_role.this : role.name], [aws_iam_role.deployer.name, aws_cloudwatch_event_rule.dead_letters.name, module.ses.configuration_set]) : length(name) <= 64])
    error_message = "Lambda, IAM, EventBridge and SES take 64 characters."
  }
  assert {
    condition     = alltrue([for queue in aws_sqs_queue.this : length(queue.name) <= 80]) && alltrue([for name in [aws_codedeploy_app.this.name, aws_codedeploy_deployment_group.this.deployment_group_name, aws_codedeploy_deployment_config.canary[0].deployment_config_name] : length(name) <= 100])
    error_message = "SQS takes 80 characters, CodeDeploy 100."
  }
  assert {
    condition     = alltrue([for name in concat([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name], [aws_cloudwatch_dashboard.this.dashboard_name, aws_dynamodb_table.ledger.name, aws_sns_topic.ops.name, aws_sns_topic.events[0].name]) : length(name) <= 255])
    error_message = "CloudWatch and DynamoDB take 255 characters, SNS 256."
  }
  assert {
    condition     = length([for record in output.dns_records : record if endswith(record.value, ".dkim.amazonses.com")]) == 3
    error_message = "Most regions share one zone for DKIM."
  }
  assert {
    condition     = length(regexall("arn:aws:", replace(jsonencode([local.function_policies, local.key_policy]), "/arn:aws:[a-z]+:us-east-1:000000000000:[^\"]*/", ""))) == 0
    error_message = "In another partition no policy names an ARN of this one, but what the mocks gave."
  }

  # The mocks' ARNs are shorter than real ones: each counts 96 characters here, four times the prefix.
  assert {
    condition     = alltrue([for policy in concat(values(aws_iam_role_policy.this), [aws_iam_role_policy.deployer]) : length(replace(policy.policy, "/arn:aws:[a-z0-9-]+:[a-z0-9-]*:000000000000:[^\"*]*/", "${var.name}${var.name}${var.name}${var.name}")) <= 10240])
    error_message = "IAM takes 10,240 characters of inline policies in a role."
  }
}

run "a_region_with_a_zone_of_its_own_for_dkim" {
  module {
    source = "./modules/notifier"
  }

  override_data {
    target = data.aws_region.current
    values = { name = "eu-south-1" }
  }

  variables {
    package     = "tests/packages/empty.zip"
    identity    = { domain = "herald.example" }
    sender      = "books@herald.example"
    address_key = "a secret of tests, long enough: 0123456789"
    link_key    = "a secret of tests, long enough: 0123456789"
  }

  assert {
    condition     = length([for record in output.dns_records : record if endswith(record.value, ".dkim.eu-south-1.amazonses.com")]) == 3
    error_message = "In Milan the DKIM records lead to Milan's own zone."
  }
}

run "a_name_of_two_letters" {
  module {
    source = "./modules/webapp"
  }

  variables {
    name            = "ab"
    queues          = { dead = "https://sqs.us-east-1.amazonaws.com/000000000000/ab-dead", feedback = "https://sqs.us-east-1.amazonaws.com/000000000000/ab-feedback", retry = "https://sqs.us-east-1.amazonaws.com/000000000000/ab-retry" }
    notify_function = "ab-notify"
    package         = "tests/packages/empty.zip"
    topic_arn       = "arn:aws-us-gov:sns:us-gov-west-1:000000000000:ab-events"
    key_arn         = "arn:aws-us-gov:kms:us-gov-west-1:000000000000:key/the-key"
    ledger          = { name = "ab-ledger", arn = "arn:aws-us-gov:dynamodb:us-gov-west-1:000000000000:table/ab-ledger" }
    ops_topic_arn   = "arn:aws-us-gov:sns:us-gov-west-1:000000000000:ab-ops"
    session_key     = "a secret of tests, long enough: 0123456789"
    parameters = {
      address_key = { name = "/ab/address-key", arn = "arn:aws-us-gov:ssm:us-gov-west-1:000000000000:parameter/ab/address-key" }
      link_key    = { name = "/ab/link-key", arn = "arn:aws-us-gov:ssm:us-gov-west-1:000000000000:parameter/ab/link-key" }
    }
  }

  assert {
    condition     = length(aws_dynamodb_table.books.name) >= 3 && startswith(output.sign_in.page, "https://ab-000000000000.auth-fips.ap-southeast-1.")
    error_message = "DynamoDB takes no name under three characters; in GovCloud the sign-in page has another host."
  }
}

run "webapp" {
  module {
    source = "./modules/webapp"
  }

  variables {
    queues          = { dead = "https://sqs.us-east-1.amazonaws.com/000000000000/x-dead", feedback = "https://sqs.us-east-1.amazonaws.com/000000000000/x-feedback", retry = "https://sqs.us-east-1.amazonaws.com/000000000000/x-retry" }
    notify_function = "x-notify"
    package         = "tests/packages/empty.zip"
    topic_arn       = "arn:aws:sns:us-east-1:000000000000:x-events"
    key_arn         = "arn:aws:kms:us-east-1:000000000000:key/the-key"
    ledger          = { name = "x-ledger", arn = "arn:aws:dynamodb:us-east-1:000000000000:table/x-ledger" }
    ops_topic_arn   = "arn:aws:sns:us-east-1:000000000000:x-ops"
    session_key     = "a secret of tests, long enough: 0123456789"
    parameters = {
      address_key = { name = "/x/address-key", arn = "arn:aws:ssm:us-east-1:000000000000:parameter/x/address-key" }
      link_key    = { name = "/x/link-key", arn = "arn:aws:ssm:us-east-1:000000000000:parameter/x/link-key" }
    }
  }

  assert {
    condition     = alltrue([for name in concat(values(local.names), [for role in aws_iam_role.this : role.name], [for rule in aws_cloudwatch_event_rule.this : rule.name]) : length(name) <= 64])
    error_message = "Lambda, IAM and EventBridge take 64 characters."
  }
  assert {
    condition     = length(aws_cognito_user_pool_domain.this.domain) <= 63 && alltrue([for name in [aws_cognito_user_pool.this.name, aws_cognito_user_pool_client.web.name, aws_apigatewayv2_api.this.name] : length(name) <= 128])
    error_message = "A host has 63 characters in a label; Cognito and API Gateway take 128."
  }

  assert {
    condition     = alltrue([for function, policy in aws_iam_role_policy.this : length(replace(policy.policy, "/arn:aws:[a-z0-9-]+:[a-z0-9-]*:000000000000:[^\"*]*/", "${var.name}${var.name}${var.name}${var.name}")) + (function == "web" ? length(aws_iam_role_policy.delete_accounts.policy) : 0) <= 10240])
    error_message = "IAM takes 10,240 characters of inline policies in a role: ${jsonencode({ for function, policy in aws_iam_role_policy.this : function => length(policy.policy) })}."
  }
}

run "release_role" {
  module {
    source = "./modules/release-role"
  }

  variables {
    key_arn           = "arn:aws-us-gov:kms:us-gov-west-1:000000000000:key/the-key"
    oidc_provider_arn = "arn:aws-us-gov:iam::000000000000:oidc-provider/token.actions.githubusercontent.com"
    repository        = "octo/herald"
  }

  assert {
    condition     = length(aws_iam_role.this.name) <= 64 && !strcontains(jsonencode(local.statements), "arn:aws:")
    error_message = "IAM takes 64 characters, and in another partition no right names an ARN of this one."
  }
  assert {
    condition     = length(aws_iam_role_policy.this.policy) <= 10240 && length(aws_iam_role.this.assume_role_policy) <= 2048
    error_message = "IAM takes 10,240 characters of inline policies in a role, and 2,048 of its trust."
  }
}
