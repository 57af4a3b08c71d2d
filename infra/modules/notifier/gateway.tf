# The HTTP API for callers without IAM: providers' webhooks, and apps that post events. It exists only if one of them is
# configured; each route has its own authorization and its own throttle.
locals {
  gateway_enabled = local.webhooks_enabled || local.events_api_enabled
}

moved {
  from = aws_apigatewayv2_api.webhook
  to   = aws_apigatewayv2_api.gateway
}

moved {
  from = aws_apigatewayv2_stage.webhook
  to   = aws_apigatewayv2_stage.gateway
}

# A log group with an earlier name: its logs stay until their retention ends.
removed {
  from = aws_cloudwatch_log_group.webhook_access

  lifecycle {
    destroy = false
  }
}

resource "aws_apigatewayv2_api" "gateway" {
  count = local.gateway_enabled ? 1 : 0

  name          = "${var.name}-gateway"
  description   = "Takes providers' reports, and events that apps post"
  protocol_type = "HTTP"
}

# Requests over a throttle are answered 429 before any function runs, and come again: providers repeat for hours what was not
# answered with 2xx, and publishers repeat what was not answered with 202.
resource "aws_apigatewayv2_stage" "gateway" {
  count = local.gateway_enabled ? 1 : 0

  api_id      = aws_apigatewayv2_api.gateway[0].id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit    = local.webhook_rate
    throttling_burst_limit   = local.webhook_burst
    detailed_metrics_enabled = true
  }

  dynamic "route_settings" {
    for_each = aws_apigatewayv2_route.events[*]

    content {
      route_key                = route_settings.value.route_key
      throttling_rate_limit    = var.events_api.rate
      throttling_burst_limit   = var.events_api.burst
      detailed_metrics_enabled = true
    }
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.gateway_access[0].arn
    format = jsonencode({
      request = "$context.requestId"
      at      = "$context.requestTime"
      caller  = "$context.identity.sourceIp"
      client  = "$context.authorizer.claims.client_id"
      route   = "$context.routeKey"
      status  = "$context.status"
      ms      = "$context.responseLatency"
      error   = "$context.integrationErrorMessage"
      refused = "$context.authorizer.error"
    })
  }
}

# With this prefix, log delivery needs no resource policy that grows with every log group.
resource "aws_cloudwatch_log_group" "gateway_access" {
  count = local.gateway_enabled ? 1 : 0

  name              = "/aws/vendedlogs/${var.name}-gateway-access"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this.arn
}
