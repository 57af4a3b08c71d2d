# Providers' webhooks: an HTTP API where one is configured, and nothing of it elsewhere.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  package     = "tests/packages/empty.zip"
  identity    = { domain = "herald.example" }
  sender      = "Herald <books@herald.example>"
  address_key = "a secret of tests, long enough: 0123456789"
  link_key    = "a secret of tests, long enough: 0123456789"
}

run "without_a_signing_key_there_is_no_door" {
  module {
    source = "./modules/notifier"
  }

  variables {
    providers_in_order = ["ses://us-east-1", "resend://"]
    provider_secrets   = { "resend://" = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/resend" } }
  }

  assert {
    condition     = length(aws_apigatewayv2_api.gateway) + length(aws_apigatewayv2_integration.webhook) + length(aws_apigatewayv2_route.webhook) + length(aws_apigatewayv2_stage.gateway) + length(aws_lambda_permission.webhook) + length(aws_cloudwatch_log_group.gateway_access) == 0
    error_message = "A provider without a signing key has no API, and no resource for one."
  }
  assert {
    condition     = !contains(keys(aws_lambda_function.this), "webhook") && !contains(keys(aws_lambda_alias.this), "webhook") && !contains(keys(aws_lambda_function.this["notify"].environment[0].variables), "HERALD_WEBHOOKS") && !contains(keys(aws_iam_role.this), "webhook") && !contains(keys(aws_cloudwatch_log_group.this), "webhook") && length(output.webhooks) == 0
    error_message = "Without the API there is no function behind it, and neither a role nor a log for one."
  }
  assert {
    condition     = !contains(keys(aws_cloudwatch_metric_alarm.this), "webhook-errors") && !contains(aws_codedeploy_deployment_group.this.alarm_configuration[0].alarms, "herald-webhook-errors")
    error_message = "Without the API nothing watches it."
  }
}

run "every_provider_with_a_signing_key_has_its_route" {
  module {
    source = "./modules/notifier"
  }

  variables {
    providers_in_order = ["ses://us-east-1", "resend://", "sendgrid://", "mailgun+eu://mg.herald.example", "mailgun://mg.herald.example"]
    provider_secrets = {
      "resend://"                      = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/resend", webhook = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/resend-webhook" }
      "sendgrid://"                    = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/sendgrid", webhook = "arn:aws:secretsmanager:us-east-1:000000000000:secret:sendgrid-AbCdEf" }
      "mailgun+eu://mg.herald.example" = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/mailgun", webhook = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/mailgun-webhook" }
      "mailgun://mg.herald.example"    = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/mailgun" }
    }
    webhook_throttle = { rate = 1200, burst = 100 }
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["webhook-errors"].dimensions == tomap({ FunctionName = "herald-webhook", Resource = "herald-webhook:live" }) && contains(aws_codedeploy_deployment_group.this.alarm_configuration[0].alarms, "herald-webhook-errors")
    error_message = "The function's errors ring, and take a release back."
  }
  assert {
    condition     = toset([for route in aws_apigatewayv2_route.webhook : route.route_key]) == toset(["POST /webhooks/resend", "POST /webhooks/sendgrid", "POST /webhooks/mailgun-eu/mg.herald.example"])
    error_message = "One route for each provider whose webhooks can be verified, and no other."
  }
  assert {
    condition     = one([for statement in local.function_policies.feedback : statement.Resource if statement.Sid == "SendToRetry"]) == aws_sqs_queue.this["retry"].arn
    error_message = "Where another provider comes after one that reports by webhook, feedback may have it send what was never tried."
  }
  assert {
    condition     = aws_apigatewayv2_stage.gateway[0].default_route_settings[0].throttling_rate_limit == 1200 && aws_apigatewayv2_stage.gateway[0].default_route_settings[0].throttling_burst_limit == 100
    error_message = "The gateway throttles before the function runs."
  }
  assert {
    condition     = aws_lambda_function.this["webhook"].handler == "function.webhook.handler" && jsondecode(aws_lambda_function.this["webhook"].environment[0].variables.HERALD_WEBHOOK_SECRETS)["resend://"] == "arn:aws:ssm:us-east-1:000000000000:parameter/herald/resend-webhook"
    error_message = "The function knows where the signing keys are kept, and not the keys."
  }
  assert {
    condition     = !strcontains(aws_lambda_function.this["notify"].environment[0].variables.HERALD_PROVIDER_SECRETS, "webhook") && !contains(keys(aws_lambda_function.this["webhook"].environment[0].variables), "HERALD_PROVIDER_SECRETS")
    error_message = "notify has no signing key, and webhook no API key."
  }
  assert {
    condition     = aws_apigatewayv2_integration.webhook[0].integration_uri == aws_lambda_alias.this["webhook"].invoke_arn && aws_lambda_permission.webhook[0].qualifier == "live" && aws_lambda_function.this["webhook"].publish
    error_message = "The API leads to the alias, which a release moves together with that of notify."
  }
  assert {
    condition     = aws_lambda_function.this["notify"].environment[0].variables.HERALD_WEBHOOKS == sha256(aws_lambda_function.this["webhook"].environment[0].variables.HERALD_WEBHOOK_SECRETS)
    error_message = "Another signing key makes a new version of notify, so that a release ships it."
  }
  assert {
    condition     = aws_lambda_permission.webhook[0].source_arn == "arn:aws:execute-api:us-east-1:000000000000:api1234567/*/*"
    error_message = "Only this API may run it."
  }
  assert {
    condition     = output.webhooks["mailgun+eu://mg.herald.example"] == "https://api1234567.execute-api.us-east-1.amazonaws.com/webhooks/mailgun-eu/mg.herald.example"
    error_message = "What to register with the provider is an output."
  }
}

run "what_is_signed_is_let_in_before_providers_give_up" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    providers_in_order = ["ses://us-east-1", "mailgun://mg.herald.example"]
    provider_secrets   = { "mailgun://mg.herald.example" = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/a", webhook = "arn:aws:ssm:us-east-1:000000000000:parameter/b" } }
  }

  assert {
    condition     = aws_apigatewayv2_stage.gateway[0].default_route_settings[0].throttling_rate_limit == 1000 && aws_apigatewayv2_stage.gateway[0].default_route_settings[0].throttling_burst_limit == 1000
    error_message = "Mailgun tells of a delivery once, so 1,000 a second are let in."
  }
}

run "a_throttle_at_which_reports_are_lost_is_told_of" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    providers_in_order = ["ses://us-east-1", "resend://"]
    provider_secrets   = { "resend://" = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/a", webhook = "arn:aws:ssm:us-east-1:000000000000:parameter/b" } }
    webhook_throttle   = { rate = 150 }
  }

  expect_failures = [check.webhook_throttle]
}

run "what_is_sent_at_its_fastest_may_be_reported" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    providers_in_order = ["ses://us-east-1", "resend://"]
    provider_secrets   = { "resend://" = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/a", webhook = "arn:aws:ssm:us-east-1:000000000000:parameter/b" } }
    send_rate          = 100
  }

  assert {
    condition     = aws_apigatewayv2_stage.gateway[0].default_route_settings[0].throttling_rate_limit == 300
    error_message = "Three requests a mail, at the rate at which mails are sent."
  }
}

run "a_mail_server_has_no_webhook" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    providers_in_order = ["smtp://mail.herald.example:587"]
    provider_secrets   = { "smtp://mail.herald.example:587" = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/a", webhook = "arn:aws:ssm:us-east-1:000000000000:parameter/b" } }
    webhook_throttle   = { rate = 0 }
  }

  expect_failures = [var.provider_secrets, var.webhook_throttle]
}

run "a_throttle_that_lets_a_flood_through_is_none" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    providers_in_order = ["ses://us-east-1", "resend://"]
    provider_secrets   = { "resend://" = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/a", webhook = "arn:aws:ssm:us-east-1:000000000000:parameter/b" } }
    webhook_throttle   = { rate = 5001 }
  }

  expect_failures = [var.webhook_throttle]
}
