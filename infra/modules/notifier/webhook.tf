# Vendors report over HTTP and know no IAM: routes of the HTTP API that exist only where a signing key is configured, one a
# provider. The function behind it verifies, and puts into the queue `feedback` what SES's topic would.
locals {
  # function/providers/urls.py makes the same paths; a test holds the two together.
  webhook_keys  = { for url, secret in var.provider_secrets : url => secret.webhook if secret.webhook != null }
  webhook_paths = { for url in keys(local.webhook_keys) : url => "/webhooks/${trimsuffix(replace(replace(url, "://", "/"), "+", "-"), "/")}" }
  webhooks      = length(local.webhook_keys) > 0

  # What must come in of 1,000 signed requests a second for a minute: what is throttled comes again in waves, six to eight of
  # them, of which 200 a second let all in; but what Mailgun delivered it tells once.
  webhook_floor = anytrue([for url in keys(local.webhook_keys) : startswith(url, "mailgun")]) ? 1000 : 200

  # Vendors tell of a mail some three times, each time in a request of its own: what one sends at its fastest is let through.
  webhook_rate  = coalesce(var.webhook_throttle.rate, min(max(ceil(3 * var.send_rate), local.webhook_floor), 5000))
  webhook_burst = coalesce(var.webhook_throttle.burst, local.webhook_rate)

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
    condition     = !local.webhooks || local.webhook_rate >= local.webhook_floor
    error_message = "At ${local.webhook_rate} requests a second some reports are lost when vendors tell of 1,000 a second for a minute: they give up before all came in, and those mails stay \"sent\". From ${local.webhook_floor} on none is."
  }
}

resource "aws_apigatewayv2_integration" "webhook" {
  count = local.webhooks ? 1 : 0

  api_id                 = aws_apigatewayv2_api.gateway[0].id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_alias.this["webhook"].invoke_arn
  payload_format_version = "2.0"
}

# Open, because vendors sign in no other way than by the signature on the body, which the function verifies.
resource "aws_apigatewayv2_route" "webhook" {
  for_each = local.webhook_paths

  api_id    = aws_apigatewayv2_api.gateway[0].id
  route_key = "POST ${each.value}"
  target    = "integrations/${aws_apigatewayv2_integration.webhook[0].id}"
}

resource "aws_lambda_permission" "webhook" {
  count = local.webhooks ? 1 : 0

  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_alias.this["webhook"].function_name
  qualifier     = aws_lambda_alias.this["webhook"].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.gateway[0].execution_arn}/*/*"
}
