################################################################################
# For people
################################################################################

output "url" {
  description = "URL of the web app"
  value       = module.webapp.url
}

output "mail_events_topic_arn" {
  description = "ARN of the topic on which mail events are published; null unless `mail_events` is set"
  value       = module.notifier.mail_events_topic_arn
}

output "webhooks" {
  description = "The address to register as webhook at each provider, by the provider's URL; empty if none is configured"
  value       = module.notifier.webhooks
}

output "events_api" {
  description = "Where apps post events, where they ask for tokens, and the user pool of their app clients; null unless `events_api` is set"
  value       = module.notifier.events_api
}

output "dns_records" {
  description = "DNS records still to create, for SES and for `custom_domain`; empty if Route 53 has them"
  value       = concat(module.notifier.dns_records, flatten(module.second_region[*].dns_records), module.webapp.dns_records)
}

output "undelivered_feedback" {
  description = "Queue of undelivered feedback in `second_region`; null without a second region"
  value       = one(module.second_region[*].undelivered_queue)
}

output "dashboard_url" {
  description = "The dashboard in the AWS console"
  value       = module.notifier.dashboard_url
}

output "release_role_arn" {
  description = "The role that .github/workflows/release.yml assumes: the variable HERALD_RELEASE_ROLE of the GitHub environment"
  value       = one(module.release_role[*].role_arn)
}

output "next_commands" {
  description = "What to run next"
  value = [
    "aws sesv2 get-email-identity --email-identity ${var.identity.domain} --query 'DkimAttributes.Status'",
    "aws sesv2 get-account --query '{production: ProductionAccessEnabled, quota: SendQuota}'",
    "make release",
  ]
}

################################################################################
# For tools
################################################################################

output "notifier" {
  description = "Names that the release, doctor and redrive commands use"
  value = {
    topic_arn         = module.notifier.topic_arn
    key_arn           = module.notifier.key_arn
    ledger            = module.notifier.ledger
    queues            = module.notifier.queues
    functions         = module.notifier.functions
    alias             = module.notifier.alias
    roles             = module.notifier.roles
    deployment        = module.notifier.deployment
    configuration_set = module.notifier.configuration_set
    ops_topic_arn     = module.notifier.ops_topic_arn
  }
}

output "webapp" {
  description = "Names of the web app"
  value = {
    url          = module.webapp.url
    api_endpoint = module.webapp.api_endpoint
    api_id       = module.webapp.api_id
    functions    = module.webapp.functions
    roles        = module.webapp.roles
    books        = module.webapp.books
    sign_in      = module.webapp.sign_in
  }
}
