output "topic_arn" {
  description = "ARN of the topic that your app publishes its events to"
  value       = module.notifier.topic_arn
}

output "publish_policy" {
  description = "IAM policy that the role of your app needs in addition"
  value       = module.notifier.publish_policy
}

output "dns_records" {
  description = "DNS records to create for your domain"
  value       = module.notifier.dns_records
}
