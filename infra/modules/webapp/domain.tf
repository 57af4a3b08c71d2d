# A custom host name for the web app. Off by default; then none of this is created.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html
locals {
  domain      = var.custom_domain == null ? null : var.custom_domain.name
  domain_zone = var.custom_domain == null ? null : var.custom_domain.zone_id

  # With a zone the certificate is validated by Terraform; without one by hand, and the API's own address is used until then.
  issue_certificate = var.custom_domain == null ? false : var.custom_domain.certificate_arn == null
  domain_ready      = var.custom_domain == null ? false : !local.issue_certificate || local.domain_zone != null || var.custom_domain.certificate_issued
  validation_record = local.issue_certificate ? one(aws_acm_certificate.web[0].domain_validation_options) : null
  domain_endpoint   = local.domain_ready ? aws_apigatewayv2_domain_name.this[0].domain_name_configuration[0] : null

  domain_records = local.domain == null || local.domain_zone != null ? [] : concat(
    local.issue_certificate ? [{ name = trimsuffix(local.validation_record.resource_record_name, "."), type = local.validation_record.resource_record_type, value = trimsuffix(local.validation_record.resource_record_value, ".") }] : [],
    local.domain_ready ? [{ name = local.domain, type = "CNAME", value = local.domain_endpoint.target_domain_name }] : [],
  )
}

resource "aws_acm_certificate" "web" {
  count = local.issue_certificate ? 1 : 0

  domain_name       = local.domain
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

# The record for a name is always the same in an account, so another certificate for it may have created it already.
resource "aws_route53_record" "certificate" {
  count = local.issue_certificate && local.domain_zone != null ? 1 : 0

  zone_id         = local.domain_zone
  name            = local.validation_record.resource_record_name
  type            = local.validation_record.resource_record_type
  ttl             = 3600
  records         = [local.validation_record.resource_record_value]
  allow_overwrite = true
}

# Waits until the certificate is issued: API Gateway accepts no other.
resource "aws_acm_certificate_validation" "web" {
  count = local.issue_certificate && local.domain_ready ? 1 : 0

  certificate_arn         = aws_acm_certificate.web[0].arn
  validation_record_fqdns = local.domain_zone == null ? null : aws_route53_record.certificate[*].fqdn
}

resource "aws_apigatewayv2_domain_name" "this" {
  count = local.domain_ready ? 1 : 0

  domain_name = local.domain

  domain_name_configuration {
    certificate_arn = local.issue_certificate ? aws_acm_certificate_validation.web[0].certificate_arn : var.custom_domain.certificate_arn
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }

  lifecycle {
    precondition {
      condition     = local.issue_certificate || try(split(":", var.custom_domain.certificate_arn)[3], "") == local.region
      error_message = "custom_domain.certificate_arn is in another region: an HTTP API needs a certificate in its own region (${local.region})."
    }
  }
}

resource "aws_apigatewayv2_api_mapping" "this" {
  count = local.domain_ready ? 1 : 0

  api_id      = aws_apigatewayv2_api.this.id
  domain_name = aws_apigatewayv2_domain_name.this[0].id
  stage       = aws_apigatewayv2_stage.default.id
}

resource "aws_route53_record" "domain" {
  count = local.domain_ready && local.domain_zone != null ? 1 : 0

  zone_id = local.domain_zone
  name    = local.domain
  type    = "A"

  alias {
    name                   = local.domain_endpoint.target_domain_name
    zone_id                = local.domain_endpoint.hosted_zone_id
    evaluate_target_health = false
  }
}
