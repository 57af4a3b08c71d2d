output "configuration_set" {
  description = "Name of the configuration set"
  value       = aws_sesv2_configuration_set.this[var.name].configuration_set_name
}

output "identity_arn" {
  description = "ARN of the identity; null with `create = false`"
  value       = one(aws_sesv2_email_identity.this[*].arn)
}

output "dns_records" {
  description = "DNS records that verify the domain, by keys that are known at plan time"
  value       = local.dns_records
}

output "feedback_topic_arn" {
  description = "ARN of the topic to which SES publishes feedback"
  value       = aws_sns_topic.feedback.arn
}
