module "ses" {
  source = "../ses"

  # As in the first region: notify uses the same configuration set in every region.
  name = var.name

  region     = local.region
  account_id = local.account
  key_arn    = aws_kms_key.this.arn

  # Without `dmarc`: the first region has that record.
  identity = {
    domain  = var.identity.domain
    create  = var.identity.create
    zone_id = var.identity.zone_id

    # A MAIL FROM domain has exactly one MX record, which is specific to a region: so each region has a subdomain of its own.
    # https://docs.aws.amazon.com/ses/latest/dg/mail-from.html
    mail_from_domain = var.identity.mail_from == "" ? null : "${var.identity.mail_from}-${local.region}.${var.identity.domain}"
  }
}
