# `POST /events` for apps without an AWS SDK, only if `events_api` is set. They get tokens from a user pool of their own
# (OAuth 2.0 client credentials), with one scope for each type. The gateway verifies the token; the scope that a request
# needs depends on its body, so the function checks it.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
locals {
  events_api_enabled = var.events_api != null
  events_types       = local.events_api_enabled ? var.events_api.types : []
  events_pool        = one(aws_cognito_user_pool.publishers[*].id)

  events_settings = merge(
    {
      HERALD_EVENTS_TOPIC_ARN = local.topic_arn
      HERALD_EVENTS_SCOPE     = var.name
    },
    var.scheduling ? { HERALD_SCHEDULING = "on" } : {},
    local.tenants_setting,
  )

  events_statements = [
    {
      Sid      = "PublishEvents"
      Effect   = "Allow"
      Action   = "sns:Publish"
      Resource = local.topic_arn
    },
  ]
}

# For programs only: nobody signs up or signs in. App clients are created by a command, because Terraform would keep their
# secrets in its state.
resource "aws_cognito_user_pool" "publishers" {
  count = local.events_api_enabled ? 1 : 0

  name                = "${var.name}-publishers"
  deletion_protection = var.deletion_protection ? "ACTIVE" : "INACTIVE"

  admin_create_user_config {
    allow_admin_create_user_only = true
  }
}

# The host that issues tokens.
resource "aws_cognito_user_pool_domain" "publishers" {
  count = local.events_api_enabled ? 1 : 0

  domain       = coalesce(var.events_api.domain_prefix, "${var.name}-publishers-${local.account}")
  user_pool_id = aws_cognito_user_pool.publishers[0].id
}

resource "aws_cognito_resource_server" "publishers" {
  count = local.events_api_enabled ? 1 : 0

  identifier   = var.name
  name         = var.name
  user_pool_id = aws_cognito_user_pool.publishers[0].id

  dynamic "scope" {
    for_each = toset(local.events_types)

    content {
      scope_name        = scope.value
      scope_description = "Publish events of the type ${scope.value}"
    }
  }
}

# Cognito's access tokens have no `aud`: the gateway then compares `client_id` with the audience. While there is no client,
# the audience is a name that no client can have.
resource "aws_apigatewayv2_authorizer" "publishers" {
  count = local.events_api_enabled ? 1 : 0

  api_id           = aws_apigatewayv2_api.gateway[0].id
  name             = "publishers"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    audience = length(var.events_api.clients) == 0 ? ["no-client-yet"] : var.events_api.clients
    issuer   = "https://cognito-idp.${local.region}.amazonaws.com/${local.events_pool}"
  }
}

resource "aws_apigatewayv2_integration" "events" {
  count = local.events_api_enabled ? 1 : 0

  api_id                 = aws_apigatewayv2_api.gateway[0].id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_alias.this["events-api"].invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "events" {
  count = local.events_api_enabled ? 1 : 0

  api_id             = aws_apigatewayv2_api.gateway[0].id
  route_key          = "POST /events"
  target             = "integrations/${aws_apigatewayv2_integration.events[0].id}"
  authorization_type = "JWT"
  authorizer_id      = aws_apigatewayv2_authorizer.publishers[0].id
}

resource "aws_lambda_permission" "events_api" {
  count = local.events_api_enabled ? 1 : 0

  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_alias.this["events-api"].function_name
  qualifier     = aws_lambda_alias.this["events-api"].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.gateway[0].execution_arn}/*/*/events"
}
