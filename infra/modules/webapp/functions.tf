locals {
  names = { for function in ["web", "relay", "sweeper", "reconcile", "post-confirmation"] : function => "${var.name}-${function}" }

  settings = {
    HERALD_BOOKS_TABLE      = aws_dynamodb_table.books.name
    HERALD_LEDGER_TABLE     = var.ledger.name
    HERALD_EVENTS_TOPIC_ARN = var.topic_arn
    HERALD_EVENT_SOURCE     = var.event_source
    HERALD_PUBLIC_URL       = local.public_url
  }

  tracing_settings = { for name, endpoint in { HERALD_OTLP_ENDPOINT = try(var.tracing.endpoint, null) } : name => endpoint if endpoint != null }
  tracing_layers   = [for layer in [try(var.tracing.layer_arn, null)] : layer if layer != null]

  functions = {
    web = { memory = var.memory, timeout = 29, settings = {
      HERALD_OIDC_ISSUER        = local.issuer
      HERALD_OIDC_DISCOVERY_URL = "${local.discovery_base}/.well-known/openid-configuration"
      HERALD_OIDC_CLIENT_ID     = aws_cognito_user_pool_client.web.id
      HERALD_USER_POOL          = aws_cognito_user_pool.this.id
      HERALD_OPERATOR_VALUE     = aws_cognito_user_group.operators.name

      HERALD_DEAD_QUEUE_URL     = var.queues.dead
      HERALD_FEEDBACK_QUEUE_URL = var.queues.feedback
      HERALD_RETRY_QUEUE_URL    = var.queues.retry
      HERALD_NOTIFY_FUNCTION    = var.notify_function

      HERALD_REQUESTS_PER_SECOND   = var.limits.requests_per_second
      HERALD_MAILS_PER_TEN_MINUTES = var.limits.mails_per_ten_minutes
      HERALD_MAILS_PER_DAY         = var.limits.mails_per_day

      HERALD_ADDRESS_KEY_PARAMETER = var.parameters.address_key.name
      HERALD_LINK_KEY_PARAMETER    = var.parameters.link_key.name
      HERALD_SESSION_KEY_PARAMETER = aws_ssm_parameter.session_key.name
    } }
    relay     = { memory = 256, timeout = 30, settings = {} }
    sweeper   = { memory = 256, timeout = 30, settings = {} }
    reconcile = { memory = 256, timeout = 300, settings = {} }
  }
}

# Created before the functions: Lambda would create them without retention and without the key.
resource "aws_cloudwatch_log_group" "this" {
  for_each = local.names

  name              = "/aws/lambda/${each.value}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arn
}

# Deployed by hash: a new package replaces the web app at once.
resource "aws_lambda_function" "this" {
  for_each = local.functions

  function_name    = local.names[each.key]
  description      = "Herald: ${each.key}"
  role             = aws_iam_role.this[each.key].arn
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  handler          = "webapp.functions.${each.key}.handler"
  runtime          = "python3.13"
  architectures    = [var.architecture]
  memory_size      = each.value.memory
  timeout          = each.value.timeout
  layers           = local.tracing_layers
  kms_key_arn      = var.key_arn

  environment {
    variables = merge(local.settings, local.tracing_settings, each.value.settings)
  }

  logging_config {
    log_group             = aws_cloudwatch_log_group.this[each.key].name
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "WARN"
  }

  tracing_config {
    mode = var.traced ? "Active" : "PassThrough"
  }

  # IAM takes a moment to apply a policy; a function that starts before fails its first events.
  depends_on = [aws_iam_role_policy.this]
}

# Separate, because the user pool needs it and the other functions need the pool.
resource "aws_lambda_function" "post_confirmation" {
  function_name    = local.names["post-confirmation"]
  description      = "Herald: post-confirmation"
  role             = aws_iam_role.this["post-confirmation"].arn
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  handler          = "webapp.functions.post_confirmation.handler"
  runtime          = "python3.13"
  architectures    = [var.architecture]
  memory_size      = 256
  timeout          = 5 # as long as Cognito waits
  kms_key_arn      = var.key_arn

  environment {
    variables = local.settings
  }

  logging_config {
    log_group             = aws_cloudwatch_log_group.this["post-confirmation"].name
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "WARN"
  }

  tracing_config {
    mode = var.traced ? "Active" : "PassThrough"
  }

  depends_on = [aws_iam_role_policy.this]
}
