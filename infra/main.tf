# Herald: the notifier, which any app can use, and the web app, which is one.

# Generated in every run, used only in the first, and kept out of plan and state.
ephemeral "aws_secretsmanager_random_password" "address_key" {
  password_length     = 64
  exclude_punctuation = true
}

ephemeral "aws_secretsmanager_random_password" "link_key" {
  password_length     = 64
  exclude_punctuation = true
}

ephemeral "aws_secretsmanager_random_password" "session_key" {
  password_length     = 64
  exclude_punctuation = true
}

module "notifier" {
  source = "./modules/notifier"

  name                = var.name
  package             = var.function_package
  architecture        = var.architecture
  identity            = var.identity
  sender              = var.sender
  senders             = var.senders
  roles               = var.roles
  attachment_buckets  = var.attachment_buckets
  tenants             = var.tenants
  publishers          = concat(module.webapp.publisher_roles, var.publishers)
  providers_in_order  = var.providers_in_order
  provider_secrets    = var.provider_secrets
  events_api          = var.events_api
  event_bus           = var.event_bus
  scheduling          = var.scheduling
  delivery_mode       = var.delivery_mode
  allowlist           = var.allowlist
  redirect_to         = var.redirect_to
  on_unknown          = var.on_unknown
  send_rate           = var.send_rate
  reserve_concurrency = var.reserve_concurrency
  retention_days      = var.retention_days
  mail_events         = var.mail_events
  mail_webhook        = var.mail_webhook
  address_key         = ephemeral.aws_secretsmanager_random_password.address_key.random_password
  link_key            = ephemeral.aws_secretsmanager_random_password.link_key.random_password
  unsubscribe_url     = "${module.webapp.url}/unsubscribe"
  deployment          = var.deployment
  ops_emails          = var.ops_emails
  traced              = var.traced
  tracing             = var.tracing
  log_retention_days  = var.log_retention_days
  deletion_protection = var.deletion_protection
}

locals {
  # Without its URL the module is destroyed; `second_region` stays set meanwhile, so that its provider finds what to destroy.
  sends_in_second_region = var.second_region == null ? false : contains(var.providers_in_order, "ses://${var.second_region}")
}

check "second_region" {
  assert {
    condition     = local.sends_in_second_region || var.second_region == null
    error_message = "The second region gets no resources, or loses those it has: providers_in_order does not name it as \"ses://REGION\"."
  }
}

module "second_region" {
  source = "./modules/ses-region"
  count  = local.sends_in_second_region ? 1 : 0

  providers = { aws = aws.second }

  name               = var.name
  identity           = var.identity
  feedback_queue_arn = module.notifier.feedback_queue_arn
}

module "webapp" {
  source = "./modules/webapp"

  name                = var.name
  package             = var.webapp_package
  architecture        = var.architecture
  topic_arn           = module.notifier.topic_arn
  key_arn             = module.notifier.key_arn
  ledger              = module.notifier.ledger
  queues              = { for name in ["dead", "feedback", "retry"] : name => module.notifier.queues[name] }
  notify_function     = module.notifier.functions["notify"]
  parameters          = module.notifier.parameters
  session_key         = ephemeral.aws_secretsmanager_random_password.session_key.random_password
  ops_topic_arn       = module.notifier.ops_topic_arn
  public_url          = var.public_url
  custom_domain       = var.custom_domain
  throttle            = var.throttle
  limits              = var.limits
  sign_in             = var.sign_in
  mail                = var.sign_in.ses_mail ? { identity_arn = module.notifier.identity_arn, sender = var.sender } : null
  traced              = var.traced
  tracing             = var.tracing
  log_retention_days  = var.log_retention_days
  deletion_protection = var.deletion_protection
}

module "release_role" {
  source = "./modules/release-role"
  count  = var.release_role == null ? 0 : 1

  name              = var.name
  key_arn           = module.notifier.key_arn
  oidc_provider_arn = var.release_role.oidc_provider_arn
  repository        = var.release_role.repository
  environment       = var.release_role.environment
}
