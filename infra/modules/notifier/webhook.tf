# Providers report over HTTP, without IAM: one route of the HTTP API for each provider with a configured signing key. The
# function behind it verifies the reports, and puts them into the queue `feedback`, as SES's topic does with SES's reports.
locals {
  # function/providers/urls.py builds the same paths; a test compares the two.
  webhook_keys     = { for url, secret in var.provider_secrets : url => secret.webhook if secret.webhook != null }
  webhook_paths    = { for url in keys(local.webhook_keys) : url => "/webhooks/${trimsuffix(replace(replace(url, "://", "/"), "+", "-"), "/")}" }
  webhooks_enabled = length(local.webhook_keys) > 0

  # The least rate at which no report is lost when providers send 1,000 requests a second for a minute: throttled requests are
  # repeated in six to eight waves, which 200 a second let through; but Mailgun reports a delivery only once.
  webhook_floor = anytrue([for url in keys(local.webhook_keys) : startswith(url, "mailgun")]) ? 1000 : 200

  # Providers report on a mail about three times, each in a request of its own: the throttle lets through what send_rate causes.
  webhook_rate  = coalesce(var.webhook_throttle.rate, min(max(ceil(3 * var.send_rate), local.webhook_floor), 5000))
  webhook_burst = coalesce(var.webhook_throttle.burst, local.webhook_rate)

  webhook_settings = local.webhooks_enabled ? {
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
      # Only Mailgun's tokens, each valid once, and nothing else of the ledger.
      # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
      Sid       = "WriteTokens"
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

check "webhook_throttle" {
  assert {
    condition     = !local.webhooks_enabled || local.webhook_rate >= local.webhook_floor
    error_message = "At ${local.webhook_rate} requests a second some reports are lost when providers send 1,000 a second for a minute: they give up before all have been received, and those mails stay \"sent\". From ${local.webhook_floor} on none are."
  }
}

resource "aws_apigatewayv2_integration" "webhook" {
  count = local.webhooks_enabled ? 1 : 0

  api_id                 = aws_apigatewayv2_api.gateway[0].id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_alias.this["webhook"].invoke_arn
  payload_format_version = "2.0"
}

# Without an authorizer: providers authenticate only by the signature of the body, which the function verifies.
resource "aws_apigatewayv2_route" "webhook" {
  for_each = local.webhook_paths

  api_id    = aws_apigatewayv2_api.gateway[0].id
  route_key = "POST ${each.value}"
  target    = "integrations/${aws_apigatewayv2_integration.webhook[0].id}"
}

resource "aws_lambda_permission" "webhook" {
  count = local.webhooks_enabled ? 1 : 0

  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_alias.this["webhook"].function_name
  qualifier     = aws_lambda_alias.this["webhook"].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.gateway[0].execution_arn}/*/*"
}
