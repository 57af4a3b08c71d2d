locals {
  create_mail_from = var.identity.create && var.identity.mail_from_domain != null
  dkim_tokens      = var.identity.create ? aws_sesv2_email_identity.this[0].dkim_signing_attributes[0].tokens : []

  # Regions in which SES has a DKIM zone of its own: https://docs.aws.amazon.com/general/latest/gr/ses.html#ses_dkim_domains
  dkim_regions = ["af-south-1", "ap-northeast-3", "ap-south-2", "ap-southeast-3", "ap-southeast-5", "ca-west-1", "eu-central-2", "eu-south-1", "il-central-1", "me-central-1", "us-gov-east-1"]
  dkim_zone    = contains(local.dkim_regions, var.region) ? "dkim.${var.region}.amazonses.com" : "dkim.amazonses.com"

  # With fixed keys, so that Route 53 records can be planned before SES has created the tokens.
  dns_records = merge(
    var.identity.create ? { for index in [0, 1, 2] : "dkim${index}" => {
      name  = "${try(local.dkim_tokens[index], "")}._domainkey.${var.identity.domain}"
      type  = "CNAME"
      value = "${try(local.dkim_tokens[index], "")}.${local.dkim_zone}"
    } } : {},
    var.identity.create && var.identity.dmarc != null ? { dmarc = { name = "_dmarc.${var.identity.domain}", type = "TXT", value = var.identity.dmarc } } : {},
    local.create_mail_from ? {
      # Exactly one MX record: with more, SES does not use the MAIL FROM domain.
      mail_from_mx  = { name = var.identity.mail_from_domain, type = "MX", value = "10 feedback-smtp.${var.region}.amazonses.com" }
      mail_from_spf = { name = var.identity.mail_from_domain, type = "TXT", value = "v=spf1 include:amazonses.com -all" }
    } : {},
  )

  # By name, whether SES's suppression list for the account applies.
  configuration_sets = merge({ (var.name) = true }, var.tenant_sets)
}

resource "aws_sesv2_email_identity" "this" {
  count = var.identity.create ? 1 : 0

  email_identity         = var.identity.domain
  configuration_set_name = aws_sesv2_configuration_set.this[var.name].configuration_set_name

  dkim_signing_attributes {
    next_signing_key_length = "RSA_2048_BIT"
  }
}

resource "aws_sesv2_email_identity_mail_from_attributes" "this" {
  count = local.create_mail_from ? 1 : 0

  email_identity   = aws_sesv2_email_identity.this[0].email_identity
  mail_from_domain = var.identity.mail_from_domain

  # A mail without an aligned SPF is better than none; DKIM still aligns it.
  behavior_on_mx_failure = "USE_DEFAULT_VALUE"
}

resource "aws_route53_record" "this" {
  for_each = var.identity.zone_id == null ? {} : local.dns_records

  zone_id = var.identity.zone_id
  name    = each.value.name
  type    = each.value.type
  ttl     = 3600
  records = [each.value.value]
}

resource "aws_sesv2_configuration_set" "this" {
  for_each = local.configuration_sets

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
    for_each = each.value ? ["account"] : []

    content {
      suppressed_reasons = ["BOUNCE", "COMPLAINT"]
    }
  }
}

# Without OPEN, CLICK and SUBSCRIPTION: they change nothing in the ledger, and nobody is tracked.
resource "aws_sesv2_configuration_set_event_destination" "feedback" {
  for_each = local.configuration_sets

  configuration_set_name = aws_sesv2_configuration_set.this[each.key].configuration_set_name
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
