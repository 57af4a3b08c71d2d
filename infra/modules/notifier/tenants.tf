# Senders besides the deployment's own. Their owners have SES verify their domains beforehand, see docs/tenants.md.
locals {
  tenant_settings = { for name, tenant in var.tenants : name => { for key, value in tenant : key => value if value != null && key != "identity" && !(key == "suppression" && value == "all") } }
  # One compressed setting for all: Lambda limits a function's environment to 4 KB.
  tenants_setting = length(var.tenants) == 0 ? {} : { HERALD_TENANTS = base64gzip(jsonencode(local.tenant_settings)) }

  tenant_sets = toset(compact([for tenant in values(var.tenants) : tenant.configuration_set]))
  # An `own` suppression list is Herald's: SES's list for the account would bounce mails that it allows.
  own_suppression_sets = toset(compact([for tenant in values(var.tenants) : tenant.suppression == "own" ? tenant.configuration_set : null]))

  # Their configuration sets publish to the same topic.
  tenant_sources = length(local.tenant_sets) == 0 ? {} : {
    "aws:SourceArn" = concat([aws_sesv2_configuration_set.this.arn], [for set in aws_sesv2_configuration_set.tenant : set.arn])
  }

  tenant_address = { for name, tenant in var.tenants : name => regex("[^<>@\\s]+@[^<>@\\s]+", tenant.from) }
  # Tenants that send through an SES tenant, and the addresses of those that do not.
  ses_tenants     = [for tenant in values(var.tenants) : tenant.tenant_name if tenant.tenant_name != null]
  plain_addresses = [for name, address in local.tenant_address : address if var.tenants[name].tenant_name == null]

  # SES checks whether configuration set, identity and tenant belong together.
  # https://docs.aws.amazon.com/ses/latest/dg/tenants.html
  ses_tenant_statements = [for statement in [
    {
      Sid      = "SendThroughTenants"
      Effect   = "Allow"
      Action   = ["ses:SendEmail", "ses:SendRawEmail"]
      Resource = local.send_resources
      Condition = { StringEquals = {
        "ses:FromAddress" = [for name, address in local.tenant_address : address if var.tenants[name].tenant_name != null]
        "ses:TenantName"  = local.ses_tenants
      } }
    }
  ] : statement if length(local.ses_tenants) > 0 && length(local.sending_regions) > 0]
}

resource "aws_sesv2_configuration_set" "tenant" {
  for_each = local.tenant_sets

  configuration_set_name = each.key

  delivery_options {
    tls_policy = "REQUIRE"
  }

  reputation_options {
    reputation_metrics_enabled = true
  }

  sending_options {
    sending_enabled = true
  }

  dynamic "suppression_options" {
    for_each = contains(local.own_suppression_sets, each.key) ? [] : ["all"]

    content {
      suppressed_reasons = ["BOUNCE", "COMPLAINT"]
    }
  }
}

resource "aws_sesv2_configuration_set_event_destination" "tenant" {
  for_each = local.tenant_sets

  configuration_set_name = aws_sesv2_configuration_set.tenant[each.key].configuration_set_name
  event_destination_name = "feedback"

  event_destination {
    enabled              = true
    matching_event_types = ["SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "RENDERING_FAILURE", "DELIVERY_DELAY"]

    sns_destination {
      topic_arn = aws_sns_topic.feedback.arn
    }
  }

  # SES publishes a test message to the topic when the destination is created.
  depends_on = [aws_sns_topic_policy.feedback]
}
