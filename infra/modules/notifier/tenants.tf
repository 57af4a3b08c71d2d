# Senders beside the deployment's own. Their domains are their owners': SES verifies them beforehand, as is said in docs/tenants.md.
locals {
  tenant_settings = { for name, tenant in var.tenants : name => { for key, value in tenant : key => value if value != null && key != "identity" && !(key == "suppression" && value == "all") } }
  # One setting for all: Lambda limits the whole of them to 4 KB.
  tenants_setting = length(var.tenants) == 0 ? {} : { HERALD_TENANTS = base64gzip(jsonencode(local.tenant_settings)) }

  tenant_sets = toset(compact([for tenant in values(var.tenants) : tenant.configuration_set]))
  # A suppression list of its own is Herald's; SES's of the account would bounce what that lets through.
  own_sets = toset(compact([for tenant in values(var.tenants) : tenant.suppression == "own" ? tenant.configuration_set : null]))

  # What their sets say comes to the same topic.
  tenant_sources = length(local.tenant_sets) == 0 ? {} : {
    "aws:SourceArn" = concat([aws_sesv2_configuration_set.this.arn], [for set in aws_sesv2_configuration_set.tenant : set.arn])
  }

  tenant_address = { for name, tenant in var.tenants : name => regex("[^<>@\\s]+@[^<>@\\s]+", tenant.from) }
  # Those that go through a tenant of SES's own, and those that do not.
  ses_tenants     = [for tenant in values(var.tenants) : tenant.tenant_name if tenant.tenant_name != null]
  plain_addresses = [for name, address in local.tenant_address : address if var.tenants[name].tenant_name == null]

  # Whether a set, an identity and a tenant belong together is SES's to say.
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
    for_each = contains(local.own_sets, each.key) ? [] : ["all"]

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

  # SES tries the topic when the destination is made.
  depends_on = [aws_sns_topic_policy.feedback]
}
