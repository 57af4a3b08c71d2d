locals {
  public_url = coalesce(var.public_url, local.domain_ready ? "https://${local.domain}" : null, aws_apigatewayv2_api.this.api_endpoint)

  # Anonymous requests. They have routes of their own, so that they cannot use up the throttle of signed-in readers.
  open_routes = toset(["ANY /", "ANY /livez", "ANY /problems", "ANY /problems/{slug}", "ANY /readyz", "ANY /v1/openapi.json"])
}

resource "aws_apigatewayv2_api" "this" {
  name          = "${var.name}-web"
  description   = "Herald's web app"
  protocol_type = "HTTP"

  # By this tag `herald doctor` finds the certificate before anything uses it.
  tags = local.issue_certificate ? { Certificate = aws_acm_certificate.web[0].arn } : null

  disable_execute_api_endpoint = local.domain_ready ? !var.custom_domain.default_endpoint : false
}

resource "aws_apigatewayv2_integration" "web" {
  api_id                 = aws_apigatewayv2_api.this.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.this["web"].invoke_arn
  payload_format_version = "2.0"
}

# The web app answers every path and checks the id token itself: pages and sign-in are open, /v1 is not.
resource "aws_apigatewayv2_route" "default" {
  api_id    = aws_apigatewayv2_api.this.id
  route_key = "$default"
  target    = "integrations/${aws_apigatewayv2_integration.web.id}"
}

resource "aws_apigatewayv2_route" "open" {
  for_each = local.open_routes

  api_id    = aws_apigatewayv2_api.this.id
  route_key = each.key
  target    = "integrations/${aws_apigatewayv2_integration.web.id}"
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit    = var.throttle.rate
    throttling_burst_limit   = var.throttle.burst
    detailed_metrics_enabled = true
  }

  dynamic "route_settings" {
    for_each = aws_apigatewayv2_route.open

    content {
      route_key                = route_settings.value.route_key
      throttling_rate_limit    = ceil(var.throttle.rate * 0.4)
      throttling_burst_limit   = ceil(var.throttle.burst * 0.4)
      detailed_metrics_enabled = true
    }
  }

  # Without path and query string, which may contain tokens of unsubscribe links and codes of the sign-in.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      request = "$context.requestId"
      at      = "$context.requestTime"
      caller  = "$context.identity.sourceIp"
      method  = "$context.httpMethod"
      route   = "$context.routeKey"
      status  = "$context.status"
      bytes   = "$context.responseLength"
      ms      = "$context.responseLatency"
      error   = "$context.integrationErrorMessage"
    })
  }
}

# With this prefix, log delivery needs no resource policy that grows with every log group.
resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/vendedlogs/${var.name}-access"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arn
}

resource "aws_lambda_permission" "web" {
  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["web"].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this.execution_arn}/*/*"
}
