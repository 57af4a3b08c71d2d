# The notifier for an app of your own: build function.zip (`make package`), apply, publish.
ephemeral "aws_secretsmanager_random_password" "address_key" {
  password_length = 64
}

ephemeral "aws_secretsmanager_random_password" "link_key" {
  password_length     = 64
  exclude_punctuation = true
}

module "notifier" {
  source = "../../modules/notifier"

  name       = "shop"
  package    = var.package
  identity   = { domain = "shop.example" }
  sender     = "Shop <orders@shop.example>"
  publishers = [var.app_role_arn]

  address_key = ephemeral.aws_secretsmanager_random_password.address_key.random_password
  link_key    = ephemeral.aws_secretsmanager_random_password.link_key.random_password
}
