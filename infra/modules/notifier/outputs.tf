output "topic_arn" {
  description = "ARN of the topic that apps publish events to"
  value       = local.topic_arn
}

output "key_arn" {
  description = "Key that publishers need for kms:GenerateDataKey and kms:Decrypt, because the topic is encrypted"
  value       = aws_kms_key.this.arn
}

output "publish_policy" {
  description = "IAM policy that the role of a publisher needs, in addition to being listed in `publishers`"
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "PublishEvents", Effect = "Allow", Action = "sns:Publish", Resource = local.topic_arn },
      { Sid = "UseTheKey", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = aws_kms_key.this.arn },
    ]
  })
}

output "dns_records" {
  description = "DNS records that verify the domain; empty once Route 53 has them"
  value       = var.identity.zone_id == null ? values(module.ses.dns_records) : []
}

output "ledger" {
  description = "Name and ARN of the ledger"
  value       = { name = aws_dynamodb_table.ledger.name, arn = aws_dynamodb_table.ledger.arn }
}

output "parameters" {
  description = "Name and ARN of the parameters that hold the keys of addresses and of links"
  value = {
    address_key = { name = aws_ssm_parameter.address_key.name, arn = aws_ssm_parameter.address_key.arn }
    link_key    = { name = aws_ssm_parameter.link_key.name, arn = aws_ssm_parameter.link_key.arn }
  }
}

output "queues" {
  description = "URLs of the queues: retry, feedback, dead"
  value       = { for name, queue in aws_sqs_queue.this : name => queue.url }
}

output "feedback_queue_arn" {
  description = "ARN of the queue `feedback`, to which modules/ses-region delivers the feedback of another region"
  value       = "arn:${local.partition}:sqs:${local.region}:${local.account}:${aws_sqs_queue.this["feedback"].name}" # known at plan time
}

output "functions" {
  description = "Names of the functions: notify, feedback, before, after"
  value       = { for name, function in aws_lambda_function.this : name => function.function_name }
}

output "webhooks" {
  description = "The address to register as webhook at each provider, by the provider's URL; empty if none is configured"
  value       = { for url, path in local.webhook_paths : url => "${aws_apigatewayv2_api.gateway[0].api_endpoint}${path}" }
}

output "events_api" {
  description = "Where apps post events (`url`) and ask for tokens (`token_url`), the user pool in which their app clients are made, and the prefix of a type in a scope; null unless `events_api` is set"
  value = !local.events_api_enabled ? null : {
    url       = "${aws_apigatewayv2_api.gateway[0].api_endpoint}/events"
    token_url = "https://${aws_cognito_user_pool_domain.publishers[0].domain}.${local.partition == "aws-us-gov" ? "auth-fips" : "auth"}.${local.region}.amazoncognito.com/oauth2/token"
    pool_id   = local.events_pool
    scope     = aws_cognito_resource_server.publishers[0].identifier
  }
}

output "mail_events_topic_arn" {
  description = "ARN of the topic on which mail events are published; null unless `mail_events` is set"
  value       = one(aws_sns_topic.mail_events[*].arn)
}

output "alias" {
  description = "The alias that receives traffic; only CodeDeploy moves it"
  value       = local.alias
}

output "roles" {
  description = "ARNs of the roles: one for each function, and CodeDeploy's"
  value       = merge({ for name, role in aws_iam_role.this : name => role.arn }, { deployer = aws_iam_role.deployer.arn })
}

output "deployment" {
  description = "CodeDeploy application, group and configuration that releases use"
  value = {
    application = aws_codedeploy_app.this.name
    group       = aws_codedeploy_deployment_group.this.deployment_group_name
    config      = local.deployment_config
  }
}

output "configuration_set" {
  description = "SES configuration set that mails are sent with"
  value       = module.ses.configuration_set
}

output "identity_arn" {
  description = "SES identity of the domain"
  value       = local.identity_arn
}

output "ops_topic_arn" {
  description = "Topic that alarms are sent to"
  value       = aws_sns_topic.ops.arn
}

output "dashboard_url" {
  description = "The dashboard in the AWS console"
  value       = "https://${local.region}.console.aws.amazon.com/cloudwatch/home?region=${local.region}#dashboards/dashboard/${aws_cloudwatch_dashboard.this.dashboard_name}"
}
