# Vendors report over HTTP and know no IAM: an HTTP API that exists only where a signing key is configured, with one route a
# provider. The function behind it verifies, and puts into the queue `feedback` what SES's topic would.
locals {
  # function/providers/urls.py makes the same paths; a test holds the two together.
  webhook_keys  = { for url, secret in var.provider_secrets : url => secret.webhook if secret.webhook != null }
  webhook_paths = { for url in keys(local.webhook_keys) : url => "/webhooks/${trimsuffix(replace(replace(url, "://", "/"), "+", "-"), "/")}" }
  webhooks      = length(local.webhook_keys) > 0

  webhook_settings = local.webhooks ? {
    HERALD_LEDGER_TABLE       = aws_dynamodb_table.ledger.name
    HERALD_FEEDBACK_QUEUE_URL = aws_sqs_queue.this["feedback"].url
    HERALD_WEBHOOK_SECRETS    = jsonencode(local.webhook_keys)
  } : {}

  webhook_statements = [
    {
      Sid      = "QueueFeedback"
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = aws_sqs_queue.this["feedback"].arn
    },
    {
      # Mailgun's tokens, which are good once: nothing else of the ledger.
      # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
      Sid       = "RememberTokens"
      Effect    = "Allow"
      Action    = "dynamodb:UpdateItem"
      Resource  = aws_dynamodb_table.ledger.arn
      Condition = { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["webhook#*"] } }
    },
  ]

  webhook_secret_statements = [
    for service, action in { ssm = "ssm:GetParameter", secretsmanager = "secretsmanager:GetSecretValue" } : {
      Sid                        = "ReadKeysOf${title(service)}"
      Effect                     = "Allow"
      Action                     = action
      Resource                   = [for arn in values(local.webhook_keys) : arn if split(":", arn)[2] == service]
    } if anytrue([for arn in values(local.webhook_keys) : split(":", arn)[2] == service])
  ]
}

resource "aws_apigatewayv2_api" "webhook" {
  count = local.webhooks ? 1 : 0

  name          = "${var.name}-webhook"
  description   = "Where vendors report to Herald"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "webhook" {
  count = local.webhooks ? 1 : 0

  api_id                 = aws_apigatewayv2_api.webhook[0].id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_alias.this["webhook"].invoke_arn
  payload_format_version = "2.0"
}

# Open, because vendors sign in no other way than by the signature on the body, which the function verifies.
resource "aws_apigatewayv2_route" "webhook" {
  for_each = local.webhook_paths

  api_id    = aws_apigatewayv2_api.webhook[0].id
  route_key = "POST ${each.value}"
  target    = "integrations/${aws_apigatewayv2_integration.webhook[0].id}"
}

# What is over the throttle is answered 429, and comes again: vendors repeat for hours what was not answered 2xx.
resource "aws_apigatewayv2_stage" "webhook" {
  count = local.webhooks ? 1 : 0

  api_id      = aws_apigatewayv2_api.webhook[0].id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit    = var.webhook_throttle.rate
    throttling_burst_limit   = var.webhook_throttle.burst
    detailed_metrics_enabled = true
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.webhook_access[0].arn
    format = jsonencode({
      request = "$context.requestId"
      at      = "$context.requestTime"
      caller  = "$context.identity.sourceIp"
      route   = "$context.routeKey"
      status  = "$context.status"
      ms      = "$context.responseLatency"
      error   = "$context.integrationErrorMessage"
    })
  }
}

# Under this prefix log delivery needs no resource policy that grows with every log group.
resource "aws_cloudwatch_log_group" "webhook_access" {
  count = local.webhooks ? 1 : 0

  name              = "/aws/vendedlogs/${var.name}-webhook-access"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this.arn
}

resource "aws_lambda_permission" "webhook" {
  count = local.webhooks ? 1 : 0

  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_alias.this["webhook"].function_name
  qualifier     = aws_lambda_alias.this["webhook"].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.webhook[0].execution_arn}/*/*"
}
