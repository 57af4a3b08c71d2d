locals {
  identity_arn   = var.identity.create ? module.ses.identity_arn : "arn:${local.partition}:ses:${local.region}:${local.account}:identity/${var.identity.domain}"
  sender_address = regex("[^<>@\\s]+@[^<>@\\s]+", var.sender)
  dmarc          = join("; ", compact(["v=DMARC1", "p=${var.identity.dmarc_policy}", var.identity.dmarc_reports == null ? "" : "rua=mailto:${var.identity.dmarc_reports}"]))
}

module "ses" {
  source = "../ses"

  name        = var.name
  region      = local.region
  account_id  = local.account
  key_arn     = aws_kms_key.this.arn
  tenant_sets = local.tenant_sets

  identity = {
    domain           = var.identity.domain
    create           = var.identity.create
    mail_from_domain = var.identity.mail_from == "" ? null : "${var.identity.mail_from}.${var.identity.domain}"
    dmarc            = var.identity.dmarc_policy == "existing" ? null : local.dmarc
    zone_id          = var.identity.zone_id
  }
}
