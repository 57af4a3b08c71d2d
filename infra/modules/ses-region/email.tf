locals {
  domain = var.identity.domain

  # A MAIL FROM domain has exactly one MX record, which is specific to a region: so each region has a subdomain of its own.
  # https://docs.aws.amazon.com/ses/latest/dg/mail-from.html
  mail_from   = var.identity.create && var.identity.mail_from != "" ? "${var.identity.mail_from}-${local.region}.${local.domain}" : null
  dkim_tokens = var.identity.create ? aws_sesv2_email_identity.this[0].dkim_signing_attributes[0].tokens : []

  # Regions in which SES has a DKIM zone of its own: https://docs.aws.amazon.com/general/latest/gr/ses.html#ses_dkim_domains
  dkim_regions = ["af-south-1", "ap-northeast-3", "ap-south-2", "ap-southeast-3", "ap-southeast-5", "ca-west-1", "eu-central-2", "eu-south-1", "il-central-1", "me-central-1", "us-gov-east-1"]
  dkim_zone    = contains(local.dkim_regions, local.region) ? "dkim.${local.region}.amazonses.com" : "dkim.amazonses.com"

  # With fixed keys, so that Route 53 records can be planned before SES has created the tokens. The first region has DMARC.
  dns_records = merge(
    var.identity.create ? { for index in [0, 1, 2] : "dkim${index}" => {
      name  = "${try(local.dkim_tokens[index], "")}._domainkey.${local.domain}"
      type  = "CNAME"
      value = "${try(local.dkim_tokens[index], "")}.${local.dkim_zone}"
    } } : {},
    local.mail_from == null ? {} : {
      mail_from_mx  = { name = local.mail_from, type = "MX", value = "10 feedback-smtp.${local.region}.amazonses.com" }
      mail_from_spf = { name = local.mail_from, type = "TXT", value = "v=spf1 include:amazonses.com -all" }
    },
  )
}

resource "aws_sesv2_email_identity" "this" {
  count = var.identity.create ? 1 : 0

  email_identity         = local.domain
  configuration_set_name = aws_sesv2_configuration_set.this.configuration_set_name

  dkim_signing_attributes {
    next_signing_key_length = "RSA_2048_BIT"
  }
}

resource "aws_sesv2_email_identity_mail_from_attributes" "this" {
  count = local.mail_from == null ? 0 : 1

  email_identity   = aws_sesv2_email_identity.this[0].email_identity
  mail_from_domain = local.mail_from

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

# Named as in the first region: notify uses the same configuration set in every region.
resource "aws_sesv2_configuration_set" "this" {
  configuration_set_name = var.name

  delivery_options {
    tls_policy = "REQUIRE"
  }

  reputation_options {
    reputation_metrics_enabled = true
  }

  sending_options {
    sending_enabled = true
  }

  suppression_options {
    suppressed_reasons = ["BOUNCE", "COMPLAINT"]
  }
}

# Without OPEN, CLICK and SUBSCRIPTION: they change nothing in the ledger, and nobody is tracked.
resource "aws_sesv2_configuration_set_event_destination" "feedback" {
  configuration_set_name = aws_sesv2_configuration_set.this.configuration_set_name
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
