# What every suite shares: one account in one region, and ARNs that look like ARNs.
mock_data "aws_caller_identity" {
  defaults = { account_id = "000000000000" }
}

mock_data "aws_partition" {
  defaults = { partition = "aws" }
}

mock_data "aws_region" {
  defaults = { name = "us-east-1" }
}

mock_resource "aws_kms_key" {
  defaults = {
    arn    = "arn:aws:kms:us-east-1:000000000000:key/the-key"
    key_id = "the-key"
  }
}

mock_resource "aws_sns_topic" {
  defaults = { arn = "arn:aws:sns:us-east-1:000000000000:topic" }
}

mock_resource "aws_sqs_queue" {
  defaults = { arn = "arn:aws:sqs:us-east-1:000000000000:queue" }
}

mock_resource "aws_dynamodb_table" {
  defaults = {
    arn        = "arn:aws:dynamodb:us-east-1:000000000000:table/table"
    stream_arn = "arn:aws:dynamodb:us-east-1:000000000000:table/table/stream/now"
  }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::000000000000:role/role" }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:us-east-1:000000000000:log-group:group" }
}

mock_resource "aws_lambda_function" {
  defaults = {
    arn        = "arn:aws:lambda:us-east-1:000000000000:function:function"
    invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:function/invocations"
    version    = "1"
  }
}

mock_resource "aws_lambda_alias" {
  defaults = { arn = "arn:aws:lambda:us-east-1:000000000000:function:function:live" }
}

mock_resource "aws_sesv2_configuration_set" {
  defaults = { arn = "arn:aws:ses:us-east-1:000000000000:configuration-set/set" }
}

mock_resource "aws_sesv2_email_identity" {
  defaults = {
    arn                     = "arn:aws:ses:us-east-1:000000000000:identity/herald.example"
    dkim_signing_attributes = { tokens = ["one", "two", "three"] }
  }
}

mock_resource "aws_cloudwatch_metric_alarm" {
  defaults = { arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:alarm" }
}

mock_resource "aws_apigatewayv2_api" {
  defaults = {
    id            = "api1234567"
    api_endpoint  = "https://api1234567.execute-api.us-east-1.amazonaws.com"
    execution_arn = "arn:aws:execute-api:us-east-1:000000000000:api1234567"
  }
}

mock_resource "aws_cloudwatch_event_rule" {
  defaults = { arn = "arn:aws:events:us-east-1:000000000000:rule/sweeper" }
}

mock_resource "aws_cognito_user_pool" {
  defaults = {
    id  = "us-east-1_pool"
    arn = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_pool"
  }
}

mock_resource "aws_acm_certificate" {
  defaults = {
    arn = "arn:aws:acm:us-east-1:000000000000:certificate/made"
    domain_validation_options = [{
      domain_name           = "books.shop.example"
      resource_record_name  = "_proof.books.shop.example."
      resource_record_type  = "CNAME"
      resource_record_value = "_value.acm-validations.aws."
    }]
  }
}

mock_resource "aws_apigatewayv2_domain_name" {
  defaults = {
    id = "books.shop.example"
    domain_name_configuration = {
      target_domain_name = "d-one.execute-api.us-east-1.amazonaws.com"
      hosted_zone_id     = "ZAPIGATEWAY"
    }
  }
}
