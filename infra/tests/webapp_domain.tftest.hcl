# The web app at a host name of one's own.
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

run "no_custom_domain" {
  module {
    source = "./modules/webapp"
  }

  assert {
    condition     = length(aws_acm_certificate.web) + length(aws_acm_certificate_validation.web) + length(aws_apigatewayv2_domain_name.this) + length(aws_apigatewayv2_api_mapping.this) + length(aws_route53_record.certificate) + length(aws_route53_record.domain) == 0 && length(output.dns_records) == 0 && !aws_apigatewayv2_api.this.disable_execute_api_endpoint
    error_message = "Who asks for no host name gets nothing of it, and the API's own address serves."
  }
}

run "custom_domain_in_a_zone" {
  module {
    source = "./modules/webapp"
  }

  variables {
    custom_domain = { name = "books.shop.example", zone_id = "Z1", default_endpoint = false }
  }

  assert {
    condition     = aws_acm_certificate.web[0].domain_name == "books.shop.example" && aws_acm_certificate.web[0].validation_method == "DNS" && aws_route53_record.certificate[0].name == "_proof.books.shop.example." && aws_route53_record.certificate[0].records == toset(["_value.acm-validations.aws."]) && aws_route53_record.certificate[0].zone_id == "Z1"
    error_message = "The zone proves that the domain is ours."
  }
  assert {
    condition     = aws_apigatewayv2_domain_name.this[0].domain_name == "books.shop.example" && aws_apigatewayv2_domain_name.this[0].domain_name_configuration[0].certificate_arn == aws_acm_certificate_validation.web[0].certificate_arn && aws_apigatewayv2_domain_name.this[0].domain_name_configuration[0].security_policy == "TLS_1_2"
    error_message = "The host is served with the certificate, once that is issued."
  }
  assert {
    condition     = aws_apigatewayv2_api_mapping.this[0].api_id == aws_apigatewayv2_api.this.id && aws_apigatewayv2_api_mapping.this[0].stage == aws_apigatewayv2_stage.default.id && aws_apigatewayv2_api_mapping.this[0].api_mapping_key == null
    error_message = "The whole host leads to the web app."
  }
  assert {
    condition     = aws_route53_record.domain[0].name == "books.shop.example" && one(aws_route53_record.domain[0].alias).name == "d-one.execute-api.us-east-1.amazonaws.com" && one(aws_route53_record.domain[0].alias).zone_id == "ZAPIGATEWAY" && length(output.dns_records) == 0
    error_message = "The host's name leads to API Gateway, and nothing is left to a person."
  }
  assert {
    condition     = output.url == "https://books.shop.example" && aws_lambda_function.this["web"].environment[0].variables.HERALD_PUBLIC_URL == "https://books.shop.example" && aws_lambda_function.post_confirmation.environment[0].variables.HERALD_PUBLIC_URL == "https://books.shop.example"
    error_message = "Links in mails follow the host."
  }
  assert {
    condition     = aws_cognito_user_pool_client.web.callback_urls == toset(["https://books.shop.example/sign-in/done"]) && aws_cognito_user_pool_client.web.logout_urls == toset(["https://books.shop.example/"])
    error_message = "Sign-in comes back to the host, and to it alone."
  }
  assert {
    condition     = aws_apigatewayv2_api.this.disable_execute_api_endpoint
    error_message = "The API's own address is closed where somebody says so."
  }
}

run "custom_domain_whose_certificate_is_not_issued" {
  module {
    source = "./modules/webapp"
  }

  variables {
    custom_domain = { name = "books.shop.example", default_endpoint = false }
  }

  assert {
    condition     = one(output.dns_records).name == "_proof.books.shop.example" && one(output.dns_records).value == "_value.acm-validations.aws" && aws_apigatewayv2_api.this.tags.Certificate == aws_acm_certificate.web[0].arn
    error_message = "What proves the domain is told, and the certificate can be found."
  }
  assert {
    condition     = length(aws_acm_certificate_validation.web) + length(aws_apigatewayv2_domain_name.this) + length(aws_route53_record.domain) == 0 && !aws_apigatewayv2_api.this.disable_execute_api_endpoint && output.url == aws_apigatewayv2_api.this.api_endpoint
    error_message = "Meanwhile nothing waits for it, and the API's own address serves and stands in links."
  }
}

run "custom_domain_whose_certificate_was_issued" {
  module {
    source = "./modules/webapp"
  }

  variables {
    custom_domain = { name = "books.shop.example", certificate_issued = true }
  }

  assert {
    condition     = [for record in output.dns_records : "${record.name} ${record.type} ${record.value}"] == ["_proof.books.shop.example CNAME _value.acm-validations.aws", "books.shop.example CNAME d-one.execute-api.us-east-1.amazonaws.com"]
    error_message = "The proof stays, because renewals ask for it, and the host's own record is told."
  }
  assert {
    condition     = output.url == "https://books.shop.example" && !aws_apigatewayv2_api.this.disable_execute_api_endpoint
    error_message = "The host serves, and so does the API's own address."
  }
}

run "custom_domain_with_a_certificate_that_exists" {
  module {
    source = "./modules/webapp"
  }

  variables {
    public_url    = "https://cdn.shop.example"
    custom_domain = { name = "books.shop.example", certificate_arn = "arn:aws:acm:us-east-1:000000000000:certificate/mine" }
  }

  assert {
    condition     = length(aws_acm_certificate.web) == 0 && aws_apigatewayv2_domain_name.this[0].domain_name_configuration[0].certificate_arn == "arn:aws:acm:us-east-1:000000000000:certificate/mine"
    error_message = "A certificate that exists is used."
  }
  assert {
    condition     = output.url == "https://cdn.shop.example" && [for record in output.dns_records : record.name] == ["books.shop.example"]
    error_message = "A public URL of one's own goes before the host: a CDN stands there."
  }
}
