output "topic_arn" {
  description = "Where your app publishes its events"
  value       = module.notifier.topic_arn
}

output "publish_policy" {
  description = "What the role of your app needs besides"
  value       = module.notifier.publish_policy
}

output "dns_records" {
  description = "DNS records to create for your domain"
  value       = module.notifier.dns_records
}
