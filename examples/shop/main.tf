module "herald" {
  source             = "./herald/infra/modules/notifier"
  name               = "shop"
  package            = var.package
  identity           = { domain = "shop.example" }
  sender             = "Paper & Ink <orders@shop.example>"
  attachment_buckets = ["shop-invoices"]
  publishers         = var.publishers
  address_key        = ephemeral.aws_secretsmanager_random_password.this["address"].random_password
  link_key           = ephemeral.aws_secretsmanager_random_password.this["link"].random_password
}
