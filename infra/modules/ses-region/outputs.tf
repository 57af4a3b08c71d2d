output "dns_records" {
  description = "DNS records that verify the domain in this region; empty once Route 53 has them"
  value       = var.identity.zone_id == null ? values(module.ses.dns_records) : []
}

output "undelivered_queue" {
  description = "URL of the queue of feedback that could not be delivered; the queue stays empty unless somebody changes a policy"
  value       = aws_sqs_queue.undelivered.url
}
