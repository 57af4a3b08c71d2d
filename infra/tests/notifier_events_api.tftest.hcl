# Events posted over HTTP: routes, tokens and a function where they are wanted, and nothing of it elsewhere.
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

run "unless_it_is_wanted_nothing_of_it_is_there" {
  module {
    source = "./modules/notifier"
  }

  assert {
    condition     = length(aws_apigatewayv2_api.gateway) + length(aws_apigatewayv2_stage.gateway) + length(aws_cloudwatch_log_group.gateway_access) + length(aws_apigatewayv2_route.events) + length(aws_apigatewayv2_authorizer.publishers) + length(aws_cognito_user_pool.publishers) + length(aws_cognito_user_pool_domain.publishers) + length(aws_cognito_resource_server.publishers) + length(aws_lambda_permission.events_api) == 0
    error_message = "No API, no authorizer and no user pool."
  }
  assert {
    condition     = alltrue([for made in [keys(aws_lambda_function.this), keys(aws_lambda_alias.this), keys(aws_iam_role.this), keys(aws_cloudwatch_log_group.this)] : !contains(made, "events-api")]) && !anytrue([for alarm in keys(aws_cloudwatch_metric_alarm.this) : startswith(alarm, "events-api")]) && output.events_api == null
    error_message = "No function, and neither a role, a log nor an alarm for one."
  }
}

run "where_it_is_wanted_a_token_of_a_named_client_opens_one_route" {
  module {
    source = "./modules/notifier"
  }

  variables {
    events_api = { types = ["order.shipped", "invoice.ready"], clients = ["1example23456789"], rate = 5 }
    publishers = ["arn:aws:iam::000000000000:role/app"]
    scheduling = true
  }

  assert {
    condition     = aws_apigatewayv2_route.events[0].route_key == "POST /events" && aws_apigatewayv2_route.events[0].authorization_type == "JWT" && aws_apigatewayv2_route.events[0].authorizer_id == aws_apigatewayv2_authorizer.publishers[0].id && length(aws_apigatewayv2_route.webhook) == 0
    error_message = "One route, and none without a token."
  }
  assert {
    condition     = aws_apigatewayv2_authorizer.publishers[0].jwt_configuration[0].issuer == "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool" && aws_apigatewayv2_authorizer.publishers[0].jwt_configuration[0].audience == toset(["1example23456789"])
    error_message = "Tokens of this pool, for the clients that were named."
  }
  assert {
    condition     = aws_cognito_resource_server.publishers[0].identifier == "herald" && toset([for scope in aws_cognito_resource_server.publishers[0].scope : scope.scope_name]) == toset(["order.shipped", "invoice.ready"])
    error_message = "One scope a type."
  }
  assert {
    condition     = aws_cognito_user_pool.publishers[0].admin_create_user_config[0].allow_admin_create_user_only && aws_cognito_user_pool.publishers[0].deletion_protection == "ACTIVE"
    error_message = "Nobody signs up in the pool of programs."
  }
  assert {
    condition     = aws_lambda_function.this["events-api"].handler == "function.events_api.handler" && aws_lambda_function.this["events-api"].environment[0].variables == tomap({ HERALD_EVENTS_TOPIC_ARN = "arn:aws:sns:us-east-1:000000000000:herald-events", HERALD_EVENTS_SCOPE = "herald", HERALD_SCHEDULING = "on" }) && aws_lambda_function.this["events-api"].timeout < 30
    error_message = "The function knows its topic, what stands before a type, and no address's key; it ends before the gateway's patience."
  }
  assert {
    condition     = aws_apigatewayv2_integration.events[0].integration_uri == aws_lambda_alias.this["events-api"].invoke_arn && aws_lambda_permission.events_api[0].qualifier == "live" && aws_lambda_permission.events_api[0].source_arn == "arn:aws:execute-api:us-east-1:000000000000:api1234567/*/*/events" && aws_lambda_function.this["events-api"].publish
    error_message = "The route leads to the alias, which a release moves together with that of notify."
  }
  assert {
    condition     = one(aws_apigatewayv2_stage.gateway[0].route_settings).route_key == "POST /events" && one(aws_apigatewayv2_stage.gateway[0].route_settings).throttling_rate_limit == 5 && one(aws_apigatewayv2_stage.gateway[0].route_settings).throttling_burst_limit == 40
    error_message = "The gateway throttles before the function runs."
  }
  assert {
    condition = toset(flatten([for statement in local.function_policies["events-api"] : [for action in flatten([statement.Action]) : [for resource in flatten([statement.Resource]) : "${action} ${resource}"]]])) == toset([
      "kms:Decrypt arn:aws:kms:us-east-1:000000000000:key/the-key",
      "kms:GenerateDataKey arn:aws:kms:us-east-1:000000000000:key/the-key",
      "logs:CreateLogStream arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-events-api:*",
      "logs:PutLogEvents arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-events-api:*",
      "sns:Publish arn:aws:sns:us-east-1:000000000000:herald-events",
      "xray:PutTelemetryRecords *",
      "xray:PutTraceSegments *",
    ])
    error_message = "events-api may do more, or less, than its work: it reads no record and no key."
  }
  assert {
    condition     = one([for statement in local.topic_policy.Statement : statement.Condition.ArnNotEquals["aws:PrincipalArn"] if statement.Sid == "DenyOtherPublishers"]) == tolist(["arn:aws:iam::000000000000:role/app", "arn:aws:iam::000000000000:role/herald-events-api"])
    error_message = "The topic takes events of the named publishers and of this function."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["events-api-errors"].dimensions == tomap({ FunctionName = "herald-events-api", Resource = "herald-events-api:live" }) && contains(aws_codedeploy_deployment_group.this.alarm_configuration[0].alarms, "herald-events-api-errors")
    error_message = "The function's errors ring, and take a release back."
  }
  assert {
    condition     = output.events_api == { url = "https://api1234567.execute-api.us-east-1.amazonaws.com/events", token_url = "https://herald-publishers-000000000000.auth.us-east-1.amazoncognito.com/oauth2/token", pool_id = "us-east-1_pool", scope = "herald" }
    error_message = "What a publisher needs is an output."
  }
}

run "before_there_is_a_client_no_token_opens_it_and_webhooks_share_the_api" {
  module {
    source = "./modules/notifier"
  }

  variables {
    events_api         = { types = ["order.shipped"], domain_prefix = "tokens-of-the-shop" }
    providers_in_order = ["ses://us-east-1", "resend://"]
    provider_secrets   = { "resend://" = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/a", webhook = "arn:aws:ssm:us-east-1:000000000000:parameter/b" } }
  }

  assert {
    condition     = alltrue([for id in aws_apigatewayv2_authorizer.publishers[0].jwt_configuration[0].audience : !can(regex("^[A-Za-z0-9_+]{1,128}$", id))])
    error_message = "The audience is a name that no client can have."
  }
  assert {
    condition     = length(aws_apigatewayv2_api.gateway) == 1 && aws_apigatewayv2_route.webhook["resend://"].api_id == aws_apigatewayv2_route.events[0].api_id && aws_apigatewayv2_route.webhook["resend://"].authorization_type != "JWT" && aws_apigatewayv2_stage.gateway[0].default_route_settings[0].throttling_rate_limit == 200
    error_message = "One API for both; a provider has no token, and a throttle of its own."
  }
  assert {
    condition     = output.events_api.token_url == "https://tokens-of-the-shop.auth.us-east-1.amazoncognito.com/oauth2/token"
    error_message = "The host that gives tokens has the name that was asked for."
  }
}

run "what_cannot_be_is_refused" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    events_api   = { types = ["order/shipped", "order/shipped"], clients = ["not a client"], domain_prefix = "my-aws-tokens", rate = 0 }
    shared_topic = { arn = "arn:aws:sns:us-east-1:000000000000:shared" }
  }

  expect_failures = [var.events_api]
}

run "cognito_takes_no_host_of_such_a_name" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    name       = "my-cognito"
    events_api = { types = ["order.shipped"] }
  }

  expect_failures = [var.events_api]
}
