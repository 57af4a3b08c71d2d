locals {
  # herald/capacity/concurrency.py has the same formula and explains it; a test compares the two. If it is reserved,
  # throttled events wait in Lambda's own queue for up to six hours, so this caps the sending rate without losing any.
  # (The millionth is for rounding: 50 × 0.3 is a little more than 15 here.)
  send_concurrency  = max(ceil(var.send_rate * var.seconds_per_send - 0.000001), 1)
  retry_concurrency = var.retry_concurrency != null ? var.retry_concurrency : min(max(floor(local.send_concurrency * 0.75), 2), 1000)
  concurrency       = max(local.send_concurrency, local.retry_concurrency + 1)

  # In one place, because policies and log groups need the names before the functions exist.
  names = merge({
    notify   = "${var.name}-notify"
    feedback = "${var.name}-feedback"
    before   = "CodeDeployHook_${var.name}-before"
    after    = "CodeDeployHook_${var.name}-after"
    },
    local.webhooks_enabled ? { webhook = "${var.name}-webhook" } : {},
    local.events_api_enabled ? { events-api = "${var.name}-events-api" } : {},
    var.mail_events ? { mail-events = "${var.name}-mail-events" } : {},
    local.mail_webhook_enabled ? { mail-webhook = "${var.name}-mail-webhook" } : {},
    var.scheduling ? { scheduler = "${var.name}-scheduler" } : {},
  )

  # Released and rolled back together with notify: release/release_context.py and modules/release-role have the same list.
  companions = concat(["feedback"], local.webhooks_enabled ? ["webhook"] : [], var.mail_events ? ["mail-events"] : [], local.events_api_enabled ? ["events-api"] : [])

  providers_in_order = length(var.providers_in_order) == 0 ? ["ses://${local.region}"] : var.providers_in_order
  sending_regions    = distinct([for url in local.providers_in_order : trimprefix(url, "ses://") if startswith(url, "ses://")])

  ledger_settings = merge(
    {
      HERALD_LEDGER_TABLE          = aws_dynamodb_table.ledger.name
      HERALD_DEAD_QUEUE_URL        = aws_sqs_queue.this["dead"].url
      HERALD_RETRY_QUEUE_URL       = aws_sqs_queue.this["retry"].url
      HERALD_PROVIDERS             = join(",", local.providers_in_order)
      HERALD_FROM                  = var.sender
      HERALD_CONFIGURATION_SET     = module.ses.configuration_set
      HERALD_ADDRESS_KEY_PARAMETER = aws_ssm_parameter.address_key.name
      HERALD_LINK_KEY_PARAMETER    = aws_ssm_parameter.link_key.name
      HERALD_HOLD_SECONDS          = tostring(var.hold_seconds)
      HERALD_RETENTION_DAYS        = tostring(var.retention_days)
      HERALD_RETRY_RECEIVES        = tostring(local.max_receives.retry - 1)
      HERALD_TIMEOUT_SECONDS       = tostring(var.timeout)
    },
    length(var.attachment_buckets) == 0 ? {} : { HERALD_ATTACHMENT_BUCKETS = join(",", var.attachment_buckets) },
    local.tenants_setting,
    length(var.senders) == 0 ? {} : { HERALD_SENDERS = join(",", var.senders) },
    length(var.roles) == 0 ? {} : { HERALD_ROLES = jsonencode(var.roles) },
    var.delivery_mode == "live" ? {} : { HERALD_DELIVERY_MODE = var.delivery_mode },
    var.delivery_mode == "allowlist" ? { HERALD_ALLOWLIST = join(",", concat(var.allowlist, ["@simulator.amazonses.com"])) } : {},
    var.delivery_mode == "redirect" ? { HERALD_REDIRECT_TO = var.redirect_to } : {},
    var.unsubscribe_url == null ? {} : { HERALD_UNSUBSCRIBE_URL = var.unsubscribe_url },
    length(var.provider_secrets) == 0 ? {} : { HERALD_PROVIDER_SECRETS = jsonencode({ for url, secret in var.provider_secrets : url => { key = secret.key } }) },
    var.on_unknown == null ? {} : { HERALD_ON_UNKNOWN = var.on_unknown },
    var.scheduling ? { HERALD_SCHEDULING = "on" } : {},
    var.tracing == null ? {} : { HERALD_OTLP_ENDPOINT = var.tracing.endpoint },
    # Not read by notify: a release moves webhook only with a new version of notify, which this makes when webhook's keys change.
    local.webhooks_enabled ? { HERALD_WEBHOOKS = sha256(jsonencode(local.webhook_keys)) } : {},
  )

  feedback_settings = merge(
    local.ledger_settings,
    length(local.other_regions) == 0 ? {} : { HERALD_UNDELIVERED_QUEUES = jsonencode(local.undelivered_queues) },
  )

  hook_settings = merge({
    HERALD_LEDGER_TABLE      = aws_dynamodb_table.ledger.name
    HERALD_NOTIFY_FUNCTION   = local.names.notify
    HERALD_FEEDBACK_FUNCTION = local.names.feedback
    HERALD_NOTIFY_ALIAS      = local.alias
    HERALD_CONFIGURATION_SET = module.ses.configuration_set
  }, local.tenants_setting)

  functions = merge({
    notify   = { handler = "function.notify.handler", timeout = var.timeout, reserved = var.reserve_concurrency ? local.concurrency : -1, publish = true, settings = local.ledger_settings }
    feedback = { handler = "function.feedback.handler", timeout = var.timeout, reserved = -1, publish = true, settings = local.feedback_settings }
    before   = { handler = "function.hooks.before", timeout = 300, reserved = -1, publish = false, settings = local.hook_settings }
    after    = { handler = "function.hooks.after", timeout = 300, reserved = -1, publish = false, settings = local.hook_settings }
    }, local.webhooks_enabled ? { webhook = { handler = "function.webhook.handler", timeout = 20, reserved = -1, publish = true, settings = local.webhook_settings } } : {},
    var.mail_events ? { mail-events = { handler = "function.mail_events.handler", timeout = 60, reserved = -1, publish = true, settings = local.mail_events_settings } } : {},
    # The gateway waits for at most 30 seconds.
    local.events_api_enabled ? { events-api = { handler = "function.events_api.handler", timeout = 29, reserved = -1, publish = true, settings = local.events_settings } } : {}
  )
}

# Created before the functions: Lambda would create them without retention and without the key.
resource "aws_cloudwatch_log_group" "this" {
  for_each = local.names

  name              = "/aws/lambda/${each.value}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this.arn
}

# Only the first version's code: later code is shipped and rolled back by releases.
resource "aws_lambda_function" "this" {
  for_each = local.functions

  function_name = local.names[each.key]
  description   = "Herald: ${each.key}"
  role          = aws_iam_role.this[each.key].arn
  filename      = var.package
  handler       = each.value.handler
  runtime       = "python3.13"
  architectures = [var.architecture]
  # A mail with 10 MB of files takes 200 MB after the claim: if memory ran out then, the mail would be in doubt.
  memory_size                    = each.key == "notify" && length(var.attachment_buckets) > 0 ? max(var.memory, 512) : var.memory
  timeout                        = each.value.timeout
  reserved_concurrent_executions = each.value.reserved
  publish                        = each.value.publish
  layers                         = [for layer in [try(var.tracing.layer_arn, null)] : layer if layer != null && contains(["notify", "feedback"], each.key)]
  kms_key_arn                    = aws_kms_key.this.arn

  environment {
    variables = each.value.settings
  }

  logging_config {
    log_group             = aws_cloudwatch_log_group.this[each.key].name
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "WARN"
  }

  tracing_config {
    mode = var.traced ? "Active" : "PassThrough"
  }

  # IAM takes a moment to apply a policy; a function that starts before fails its first events.
  depends_on = [aws_iam_role_policy.this]

  lifecycle {
    ignore_changes = [filename, source_code_hash]
  }
}

# CodeDeploy moves it, and during a canary it points at two versions: Terraform must ignore both.
resource "aws_lambda_alias" "this" {
  for_each = toset(concat(["notify"], local.companions))

  name             = local.alias
  description      = "Receives the traffic; moved only by releases"
  function_name    = aws_lambda_function.this[each.key].function_name
  function_version = aws_lambda_function.this[each.key].version

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

# On the alias, because that is what SNS invokes.
resource "aws_lambda_function_event_invoke_config" "notify" {
  function_name                = aws_lambda_function.this["notify"].function_name
  qualifier                    = aws_lambda_alias.this["notify"].name
  maximum_event_age_in_seconds = 21600
  maximum_retry_attempts       = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.this["retry"].arn
    }
  }
}
