# The web app: what is made, and who may do what.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  queues = {
    dead     = "https://sqs.us-east-1.amazonaws.com/000000000000/herald-dead"
    feedback = "https://sqs.us-east-1.amazonaws.com/000000000000/herald-feedback"
    retry    = "https://sqs.us-east-1.amazonaws.com/000000000000/herald-retry"
  }
  notify_function = "herald-notify"
  package         = "tests/packages/empty.zip"
  topic_arn       = "arn:aws:sns:us-east-1:000000000000:herald-events"
  key_arn         = "arn:aws:kms:us-east-1:000000000000:key/the-key"
  ledger          = { name = "herald-ledger", arn = "arn:aws:dynamodb:us-east-1:000000000000:table/herald-ledger" }
  ops_topic_arn   = "arn:aws:sns:us-east-1:000000000000:herald-ops"
  session_key     = "a secret of tests, long enough: 0123456789"
  parameters = {
    address_key = { name = "/herald/address-key", arn = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/address-key" }
    link_key    = { name = "/herald/link-key", arn = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/link-key" }
  }
}

run "shape" {
  module {
    source = "./modules/webapp"
  }

  # -- functions --------------------------------------------------------------------------------------------------------

  assert {
    condition     = { for function in concat(values(aws_lambda_function.this), [aws_lambda_function.post_confirmation]) : function.function_name => function.handler } == { herald-web = "webapp.functions.web.handler", herald-relay = "webapp.functions.relay.handler", herald-sweeper = "webapp.functions.sweeper.handler", herald-reconcile = "webapp.functions.reconcile.handler", herald-post-confirmation = "webapp.functions.post_confirmation.handler" }
    error_message = "Functions or handlers are not those of the package."
  }
  assert {
    condition     = alltrue([for function in concat(values(aws_lambda_function.this), [aws_lambda_function.post_confirmation]) : function.source_code_hash == filebase64sha256(var.package)])
    error_message = "The web app is shipped by hash."
  }
  assert {
    condition     = alltrue([for function in concat(values(aws_lambda_function.this), [aws_lambda_function.post_confirmation]) : function.runtime == "python3.13" && one(function.architectures) == "arm64" && function.kms_key_arn == var.key_arn && function.logging_config[0].log_format == "JSON" && function.tracing_config[0].mode == "PassThrough"])
    error_message = "Every function runs Python 3.13 on arm64, has encrypted settings, logs JSON and begins no traces of its own."
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.this : length(coalesce(function.layers, [])) == 0 && !contains(keys(function.environment[0].variables), "HERALD_OTLP_ENDPOINT")])
    error_message = "Where nothing is traced there is no layer and no setting."
  }
  assert {
    condition     = alltrue([for group in concat(values(aws_cloudwatch_log_group.this), [aws_cloudwatch_log_group.access]) : group.retention_in_days == 365 && group.kms_key_id == var.key_arn])
    error_message = "Every log group is encrypted and has a retention."
  }
  assert {
    condition = toset(keys(aws_lambda_function.this["web"].environment[0].variables)) == toset([
      "HERALD_BOOKS_TABLE", "HERALD_EVENTS_TOPIC_ARN", "HERALD_EVENT_SOURCE", "HERALD_LEDGER_TABLE",
      "HERALD_OIDC_CLIENT_ID", "HERALD_OIDC_DISCOVERY_URL", "HERALD_OIDC_ISSUER", "HERALD_PUBLIC_URL",
      "HERALD_ADDRESS_KEY_PARAMETER", "HERALD_LINK_KEY_PARAMETER", "HERALD_SESSION_KEY_PARAMETER", "HERALD_OPERATOR_VALUE",
      "HERALD_DEAD_QUEUE_URL", "HERALD_FEEDBACK_QUEUE_URL", "HERALD_RETRY_QUEUE_URL", "HERALD_NOTIFY_FUNCTION",
      "HERALD_USER_POOL", "HERALD_REQUESTS_PER_SECOND", "HERALD_MAILS_PER_TEN_MINUTES", "HERALD_MAILS_PER_DAY",
    ])
    error_message = "Settings are not those that webapp/settings.py reads."
  }

  # -- table and outbox -------------------------------------------------------------------------------------------------

  assert {
    condition     = aws_dynamodb_table.books.stream_view_type == "NEW_IMAGE" && aws_dynamodb_table.books.point_in_time_recovery[0].enabled && aws_dynamodb_table.books.deletion_protection_enabled && aws_dynamodb_table.books.server_side_encryption[0].kms_key_arn == var.key_arn
    error_message = "The table has a stream, can be restored, cannot be deleted by mistake, and is encrypted by the customer key."
  }
  assert {
    condition     = one(aws_dynamodb_table.books.global_secondary_index).projection_type == "KEYS_ONLY" && one(aws_dynamodb_table.books.global_secondary_index).hash_key == "queue"
    error_message = "The sweeper's index is sparse and holds keys only."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.relay.bisect_batch_on_function_error && aws_lambda_event_source_mapping.relay.maximum_retry_attempts == 3
    error_message = "One bad batch must not block the stream for a day."
  }
  assert {
    condition     = { for function, rule in aws_cloudwatch_event_rule.this : function => rule.schedule_expression } == { sweeper = "rate(1 minute)", reconcile = "rate(1 hour)" }
    error_message = "The sweeper runs every minute, the reconciliation every hour."
  }
  assert {
    condition     = alltrue([for function, permission in aws_lambda_permission.schedule : permission.source_arn == aws_cloudwatch_event_rule.this[function].arn && permission.source_account == null])
    error_message = "Each is started by its own rule only; with a source account EventBridge could start neither."
  }
  assert {
    condition     = aws_cognito_user_pool.this.lambda_config[0].post_confirmation == aws_lambda_function.post_confirmation.arn && aws_lambda_permission.post_confirmation.source_arn == aws_cognito_user_pool.this.arn
    error_message = "Who confirms an account is greeted, by this pool only."
  }

  # -- web and sign-in ------------------------------------------------------------------------------------------------------

  assert {
    condition     = aws_apigatewayv2_stage.default.default_route_settings[0].throttling_rate_limit == 50 && aws_apigatewayv2_stage.default.default_route_settings[0].throttling_burst_limit == 100
    error_message = "The API is throttled."
  }
  assert {
    condition     = local.functions.web.settings.HERALD_MAILS_PER_TEN_MINUTES == 50 && local.functions.web.settings.HERALD_MAILS_PER_DAY == 200
    error_message = "One account has a budget of mails."
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.delete_accounts.policy).Statement : "${statement.Action} ${statement.Resource}"] == ["cognito-idp:AdminDeleteUser ${aws_cognito_user_pool.this.arn}"]
    error_message = "The web app deletes people of its own pool only."
  }
  assert {
    condition     = length(setsubtract(["ANY /", "ANY /readyz", "ANY /v1/openapi.json"], [for settings in aws_apigatewayv2_stage.default.route_settings : settings.route_key])) == 0 && alltrue([for settings in aws_apigatewayv2_stage.default.route_settings : settings.throttling_rate_limit == 20 && settings.throttling_burst_limit == 40])
    error_message = "What strangers may ask for has less than half of the gateway's limit."
  }
  assert {
    condition     = aws_apigatewayv2_stage.default.access_log_settings[0].destination_arn == aws_cloudwatch_log_group.access.arn && !strcontains(aws_apigatewayv2_stage.default.access_log_settings[0].format, "$context.queryString")
    error_message = "Requests are logged, their query strings are not: sign-in codes stand there."
  }
  assert {
    condition     = aws_lambda_permission.web.source_arn == "arn:aws:execute-api:us-east-1:000000000000:api1234567/*/*"
    error_message = "Only this API invokes the web function."
  }
  assert {
    condition     = !aws_cognito_user_pool_client.web.generate_secret && aws_cognito_user_pool_client.web.allowed_oauth_flows == toset(["code"]) && aws_cognito_user_pool_client.web.prevent_user_existence_errors == "ENABLED"
    error_message = "The client is public, uses the code flow only, and does not tell who has an account."
  }
  assert {
    condition     = !contains(aws_cognito_user_pool_client.web.explicit_auth_flows, "ALLOW_USER_PASSWORD_AUTH")
    error_message = "Passwords are typed on the sign-in page only."
  }
  assert {
    condition     = alltrue([for url in concat(tolist(aws_cognito_user_pool_client.web.callback_urls), tolist(aws_cognito_user_pool_client.web.logout_urls)) : startswith(url, "https://api1234567.execute-api.us-east-1.amazonaws.com/")])
    error_message = "Sign-in returns to the web app only."
  }
  assert {
    condition     = !strcontains(aws_apigatewayv2_stage.default.access_log_settings[0].format, "$context.path") && jsondecode(aws_apigatewayv2_stage.default.access_log_settings[0].format).route == "$context.routeKey"
    error_message = "Paths are not logged either: tokens of unsubscribe links stand there."
  }
  assert {
    condition     = aws_cognito_user_pool.this.username_configuration[0].case_sensitive == false
    error_message = "Ada@x and ada@x are one person."
  }
  assert {
    condition     = aws_cognito_user_pool.this.email_configuration[0].email_sending_account == "COGNITO_DEFAULT" && aws_cognito_user_pool.this.mfa_configuration == "OPTIONAL"
    error_message = "By default Cognito mails by itself, and a second factor is for who wants one."
  }
  assert {
    condition     = toset([for role in aws_iam_role.this : role.name]) == toset([for role in ["web", "relay", "sweeper", "reconcile", "post-confirmation"] : "herald-us-east-1-${role}"]) && aws_cloudwatch_dashboard.this.dashboard_name == "herald-us-east-1-web"
    error_message = "What belongs to the account, not to the region, has the region in its name."
  }
  assert {
    condition     = aws_cognito_user_pool.this.deletion_protection == "ACTIVE" && aws_cognito_user_pool.this.password_policy[0].minimum_length == 12 && aws_cognito_user_pool.this.user_attribute_update_settings[0].attributes_require_verification_before_update == toset(["email"])
    error_message = "The pool is protected, asks for long passwords, and verifies an address before it counts."
  }
  assert {
    condition     = aws_cognito_user_pool_client.web.allowed_oauth_flows == toset(["code"]) && !aws_cognito_user_pool_client.web.generate_secret && aws_cognito_user_pool_client.web.callback_urls == toset(["${local.public_url}/sign-in/done"]) && aws_cognito_user_pool_client.web.logout_urls == toset(["${local.public_url}/"])
    error_message = "Sign-in is by authorization code, for a public client that PKCE protects."
  }
  assert {
    condition     = aws_cognito_user_pool_client.web.prevent_user_existence_errors == "ENABLED" && aws_cognito_user_pool_client.web.enable_token_revocation && one(aws_cognito_user_pool.this.account_recovery_setting[0].recovery_mechanism).name == "verified_email"
    error_message = "Nobody learns who has an account, signing out revokes, and a password is reset by mail."
  }
  assert {
    condition     = aws_cognito_user_group.operators.name == "operators" && local.functions.web.settings.HERALD_OPERATOR_VALUE == "operators"
    error_message = "The group of operators is the one that the web app asks for."
  }
  assert {
    condition     = aws_ssm_parameter.session_key.type == "SecureString" && aws_ssm_parameter.session_key.key_id == var.key_arn && aws_ssm_parameter.session_key.value_wo == null
    error_message = "The session key is encrypted by the customer key, and its value is in no state."
  }
  assert {
    condition     = local.functions.web.settings.HERALD_OIDC_ISSUER == "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool" && local.functions.web.settings.HERALD_OIDC_DISCOVERY_URL == "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool/.well-known/openid-configuration"
    error_message = "Tokens are those of this pool."
  }

  # -- alarms ---------------------------------------------------------------------------------------------------------------

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["outbox-age"].dimensions == tomap({ Service = "herald-sweeper" }) && aws_cloudwatch_metric_alarm.this["outbox-age"].treat_missing_data == "missing" && length(aws_cloudwatch_metric_alarm.this["outbox-age"].insufficient_data_actions) == 1 && length(aws_cloudwatch_metric_alarm.this["outbox-rejected"].insufficient_data_actions) == 0
    error_message = "The outbox is watched, and so is that the sweeper still speaks."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_actions == toset([var.ops_topic_arn])])
    error_message = "Every alarm tells the ops topic."
  }
}

run "least_privilege" {
  module {
    source = "./modules/webapp"
  }

  assert {
    condition     = alltrue([for statements in local.function_policies : anytrue([for statement in statements : statement.Effect == "Deny" && contains(flatten([statement.Action]), "dynamodb:UpdateItem") && contains(flatten([statement.Action]), "dynamodb:DeleteItem") && try(statement.Condition["ForAnyValue:StringEquals"]["dynamodb:LeadingKeys"], "") == "audit"])])
    error_message = "No function may change or delete what operators did."
  }
  assert {
    condition     = alltrue([for function, policy in aws_iam_role_policy.this : jsondecode(policy.policy).Statement == jsondecode(jsonencode(local.function_policies[function]))])
    error_message = "What the tests read is what the roles get."
  }
  assert {
    condition     = alltrue(flatten([for statements in local.function_policies : [for statement in statements : contains(["ListEventSourceMappings", "ReadAlarmsMetricsAndQuota", "RemoveSesSuppressions", "WriteTraces"], statement.Sid) || !contains(flatten([statement.Resource]), "*")]]))
    error_message = "Only X-Ray, the list of mappings, alarms and metrics, and SES's account and list, which have no resources, may be allowed on all resources."
  }
  assert {
    condition     = alltrue(flatten([for statements in local.function_policies : [for statement in statements : [for action in flatten([statement.Action]) : !strcontains(action, "*")]]]))
    error_message = "Roles name every action; no wildcards."
  }
  assert {
    condition     = alltrue([for role in aws_iam_role.this : jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "000000000000"])
    error_message = "Lambda is trusted for this account only."
  }
  assert {
    condition     = { for function, statements in local.function_policies : function => toset(flatten([for statement in statements : [for action in flatten([statement.Action]) : action if statement.Resource == var.ledger.arn]])) } == { web = toset(["dynamodb:GetItem", "dynamodb:Scan", "dynamodb:UpdateItem"]), reconcile = toset(["dynamodb:GetItem"]), relay = toset([]), sweeper = toset([]), post-confirmation = toset([]) }
    error_message = "The web app reads the ledger and updates what readers and operators decide; nobody else here writes it, and nobody deletes."
  }
  assert {
    condition = alltrue(flatten([for statements in local.function_policies : [for statement in statements : (
      statement.Condition.StringEqualsIfExists["dynamodb:Select"] == "SPECIFIC_ATTRIBUTES"
      && length(setintersection(statement.Condition["ForAllValues:StringLike"]["dynamodb:Attributes"], ["body", "digest", "event", "*"])) == 0
    ) if try(statement.Resource == var.ledger.arn && length(setintersection(flatten([statement.Action]), ["dynamodb:GetItem", "dynamodb:Scan"])) > 0, false)]]))
    error_message = "Whoever reads the ledger here names what is read, and never the events."
  }
  assert {
    condition = { for statement in local.function_policies.web : statement.Sid => statement.Condition if try(contains(flatten([statement.Action]), "dynamodb:UpdateItem") && statement.Resource == var.ledger.arn, false) } == {
      UpdateReaderChoices = {
        "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = "address#*", "dynamodb:Attributes" = ["pk", "stopped:*"] }
        StringEqualsIfExists      = { "dynamodb:ReturnValues" = "NONE" }
      }
      EraseEvents = {
        "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = "event#*", "dynamodb:Attributes" = ["body", "message_id", "pk"] }
        StringEqualsIfExists      = { "dynamodb:ReturnValues" = "NONE" }
      }
      EraseHashes = {
        "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = "message#*", "dynamodb:Attributes" = ["address", "pk"] }
        StringEqualsIfExists      = { "dynamodb:ReturnValues" = "NONE" }
      }
      RemoveSuppressions = {
        "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = "address#*", "dynamodb:Attributes" = ["message_id", "pk", "reason", "since"] }
        StringEqualsIfExists      = { "dynamodb:ReturnValues" = "NONE" }
      }
    }
    error_message = "Of the ledger, the web app writes by one right the choices, by another the suppression; and it takes events and hashes of addresses out."
  }
  assert {
    condition = toset(flatten([for statement in local.function_policies.web : [for action in flatten([statement.Action]) : [for resource in flatten([statement.Resource]) : "${action} ${resource}" if startswith(action, "sqs:")]]])) == toset([
      "sqs:ChangeMessageVisibility arn:aws:sqs:us-east-1:000000000000:herald-dead",
      "sqs:DeleteMessage arn:aws:sqs:us-east-1:000000000000:herald-dead",
      "sqs:GetQueueAttributes arn:aws:sqs:us-east-1:000000000000:herald-dead",
      "sqs:GetQueueAttributes arn:aws:sqs:us-east-1:000000000000:herald-feedback",
      "sqs:GetQueueAttributes arn:aws:sqs:us-east-1:000000000000:herald-retry",
      "sqs:ReceiveMessage arn:aws:sqs:us-east-1:000000000000:herald-dead",
      "sqs:SendMessage arn:aws:sqs:us-east-1:000000000000:herald-feedback",
      "sqs:SendMessage arn:aws:sqs:us-east-1:000000000000:herald-retry",
    ])
    error_message = "Operators read dead letters and send them again; nothing else is taken from a queue."
  }
  assert {
    condition     = alltrue(flatten([for statement in local.function_policies.web : [for action in flatten([statement.Action]) : statement.Sid == "ListEventSourceMappings" || alltrue([for resource in flatten([statement.Resource]) : contains([local.notify_arn, "${local.notify_arn}:*"], resource)]) || strcontains(jsonencode(try(statement.Condition, {})), local.notify_arn) if startswith(action, "lambda:")]])) && local.notify_arn == "arn:aws:lambda:us-east-1:000000000000:function:herald-notify"
    error_message = "Operators look at the function that sends and switch it, and no other."
  }
  assert {
    condition     = toset(flatten([for statement in local.function_policies.web : flatten([statement.Action]) if contains(flatten([statement.Resource]), "*")])) == toset(["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricStatistics", "lambda:ListEventSourceMappings", "ses:DeleteSuppressedDestination", "ses:GetAccount", "xray:PutTelemetryRecords", "xray:PutTraceSegments"])
    error_message = "On all resources the web app is allowed what AWS knows no resource for, and nothing else."
  }
  assert {
    condition     = one([for statement in local.function_policies.web : toset(statement.Resource) if statement.Action == "ssm:GetParameters"]) == toset([for key in ["address", "link", "session"] : "arn:aws:ssm:us-east-1:000000000000:parameter/herald/${key}-key"])
    error_message = "The web app reads its own keys."
  }
  assert {
    condition     = { for function, statements in local.function_policies : function => anytrue([for statement in statements : contains(flatten([statement.Action]), "sns:Publish")]) } == { web = false, relay = true, sweeper = true, reconcile = true, post-confirmation = false }
    error_message = "Relay, sweeper and reconciliation publish; nobody else does."
  }
  assert {
    condition     = toset(flatten([for statement in local.function_policies.relay : statement.Action if statement.Effect == "Allow" && strcontains(jsonencode(statement.Resource), "herald-books")])) == toset(["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams", "dynamodb:UpdateItem"])
    error_message = "The relay reads the stream and marks rows."
  }
  assert {
    condition     = toset(flatten([for statement in local.function_policies.sweeper : [for action in flatten([statement.Action]) : "${action} ${statement.Resource}" if statement.Effect == "Allow" && strcontains(statement.Resource, "herald-books")]])) == toset(["dynamodb:Query arn:aws:dynamodb:us-east-1:000000000000:table/herald-books/index/pending", "dynamodb:GetItem arn:aws:dynamodb:us-east-1:000000000000:table/herald-books", "dynamodb:UpdateItem arn:aws:dynamodb:us-east-1:000000000000:table/herald-books"])
    error_message = "The sweeper asks the index and marks rows."
  }
  assert {
    condition     = toset(flatten([for statement in local.function_policies["post-confirmation"] : statement.Action if statement.Effect == "Allow" && strcontains(jsonencode(statement.Resource), "herald-books")])) == toset(["dynamodb:PutItem"])
    error_message = "The greeting is committed, and nothing is read."
  }
  assert {
    condition     = output.publisher_roles == ["arn:aws:iam::000000000000:role/herald-relay", "arn:aws:iam::000000000000:role/herald-sweeper", "arn:aws:iam::000000000000:role/herald-reconcile"]
    error_message = "The topic is told who publishes."
  }
}

run "choices" {
  module {
    source = "./modules/webapp"
  }

  variables {
    name                = "shop"
    public_url          = "https://shop.example"
    sign_in             = { prefix = "shop", open = false, endpoint = "http://127.0.0.1:4566", password_flow = true, mfa_required = true }
    mail                = { identity_arn = "arn:aws:ses:us-east-1:000000000000:identity/shop.example", sender = "Shop <books@shop.example>" }
    deletion_protection = false
    tracing             = { layer_arn = "arn:aws:lambda:us-east-1:901920570463:layer:collector:7" }
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.layers == tolist([var.tracing.layer_arn]) && function.environment[0].variables.HERALD_OTLP_ENDPOINT == "http://localhost:4318"])
    error_message = "Who has mails traced gives each function that takes part the collector's layer and its address."
  }
  assert {
    condition     = output.url == "https://shop.example" && aws_cognito_user_pool_client.web.callback_urls == toset(["https://shop.example/sign-in/done"])
    error_message = "A name of one's own is where people are sent back to."
  }
  assert {
    condition     = aws_cognito_user_pool_domain.this.domain == "shop" && aws_cognito_user_pool.this.admin_create_user_config[0].allow_admin_create_user_only && contains(aws_cognito_user_pool_client.web.explicit_auth_flows, "ALLOW_USER_PASSWORD_AUTH")
    error_message = "Sign-in is as it was chosen."
  }
  assert {
    condition     = aws_cognito_user_pool.this.email_configuration[0].email_sending_account == "DEVELOPER" && aws_cognito_user_pool.this.email_configuration[0].source_arn == var.mail.identity_arn && aws_cognito_user_pool.this.email_configuration[0].from_email_address == var.mail.sender && aws_cognito_user_pool.this.mfa_configuration == "ON"
    error_message = "Cognito mails through SES as Herald's sender, and everybody has a second factor, where somebody says so."
  }
  assert {
    condition     = local.functions.web.settings.HERALD_OIDC_DISCOVERY_URL == "http://127.0.0.1:4566/us-east-1_pool/.well-known/openid-configuration" && local.functions.web.settings.HERALD_OIDC_ISSUER == "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool"
    error_message = "Where Cognito is found changes; who issues tokens does not."
  }
  assert {
    condition     = alltrue([for name in concat([aws_dynamodb_table.books.name, aws_apigatewayv2_api.this.name, aws_cognito_user_pool.this.name], [for function in aws_lambda_function.this : function.function_name], [for role in aws_iam_role.this : role.name], [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name]) : startswith(name, "shop")])
    error_message = "Every name begins with the prefix, so that two copies live in one account."
  }
  assert {
    condition     = aws_cognito_user_pool.this.deletion_protection == "INACTIVE" && !aws_dynamodb_table.books.deletion_protection_enabled
    error_message = "Protection can be taken off before a destroy."
  }
}
