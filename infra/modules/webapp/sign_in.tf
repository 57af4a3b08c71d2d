locals {
  issuer         = "https://cognito-idp.${local.region}.amazonaws.com/${aws_cognito_user_pool.this.id}"
  discovery_base = var.sign_in.endpoint == null ? local.issuer : "${var.sign_in.endpoint}/${aws_cognito_user_pool.this.id}"

  # Cognito passes it on unchanged to SES, which accepts no Unicode: a name beyond ASCII is written in MIME encoded-words
  # (RFC 2047), one with specials is quoted (RFC 5322). function/message/from_header.py does the same for Herald's own mails; a
  # test compares them.
  # https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-cognito/lib/user-pool-email.ts
  mail_from = var.mail == null ? null : one([
    for part in [regex("^(?:\"?(?P<name>[^\"<]*?)\"? <)?(?P<address>[^<>]+)>?$", var.mail.sender)] : part.name == null ? part.address : format("%s <%s>",
      can(regex("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+$", part.name)) ? part.name :
      can(regex("^[ -~]+$", part.name)) ? "\"${part.name}\"" :
      join(" ", [for start in range(0, length(part.name), 5) : "=?UTF-8?B?${base64encode(substr(part.name, start, 5))}?="]),
    part.address)
  ])
}

resource "aws_cognito_user_pool" "this" {
  name                     = var.name
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = var.sign_in.mfa_required ? "ON" : "OPTIONAL"
  deletion_protection      = var.deletion_protection ? "ACTIVE" : "INACTIVE"

  # Ada@x and ada@x are one person. Cognito's default is case-sensitive, and the setting can never be changed.
  # https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UsernameConfigurationType.html
  username_configuration {
    case_sensitive = false
  }

  # Cognito's own mail is limited to a few a day.
  # https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_EmailConfigurationType.html
  email_configuration {
    email_sending_account = var.mail == null ? "COGNITO_DEFAULT" : "DEVELOPER"
    source_arn            = var.mail == null ? null : var.mail.identity_arn
    from_email_address    = local.mail_from
  }

  software_token_mfa_configuration {
    enabled = true
  }

  password_policy {
    minimum_length                   = 12
    require_lowercase                = true
    require_uppercase                = true
    require_numbers                  = true
    require_symbols                  = false
    temporary_password_validity_days = 3
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  admin_create_user_config {
    allow_admin_create_user_only = !var.sign_in.open
  }

  lambda_config {
    post_confirmation = aws_lambda_function.post_confirmation.arn
  }

  # A new address takes effect only when its owner has confirmed it, because Herald mails to it.
  user_attribute_update_settings {
    attributes_require_verification_before_update = ["email"]
  }
}

# A public client with PKCE: a browser cannot keep a secret.
resource "aws_cognito_user_pool_client" "web" {
  name                                 = "${var.name}-web"
  user_pool_id                         = aws_cognito_user_pool.this.id
  generate_secret                      = false
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["email", "openid", "profile"]
  supported_identity_providers         = ["COGNITO"]
  callback_urls                        = ["${local.public_url}/sign-in/done"]
  logout_urls                          = ["${local.public_url}/"]
  explicit_auth_flows                  = concat(["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"], var.sign_in.password_flow ? ["ALLOW_USER_PASSWORD_AUTH"] : [])
  prevent_user_existence_errors        = "ENABLED"
  enable_token_revocation              = true
  access_token_validity                = 60
  id_token_validity                    = 60
  refresh_token_validity               = 30

  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "days"
  }
}

# Its members see the operations page: their tokens say so in `cognito:groups`.
resource "aws_cognito_user_group" "operators" {
  name         = "operators"
  description  = "Operators, who may see what went wrong and fix it"
  user_pool_id = aws_cognito_user_pool.this.id
}

# The value goes into a write-only argument. To change the key, put the new one before the old one, with a space between.
resource "aws_ssm_parameter" "session_key" {
  name             = "/${var.name}/session-key"
  description      = "Keys that encrypt the cookies of signed-in people, newest first"
  type             = "SecureString"
  key_id           = var.key_arn
  value_wo         = var.session_key
  value_wo_version = 1
}

resource "aws_lambda_permission" "post_confirmation" {
  statement_id  = "sign-up"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.post_confirmation.function_name
  principal     = "cognito-idp.amazonaws.com"
  source_arn    = aws_cognito_user_pool.this.arn
}

resource "aws_cognito_user_pool_domain" "this" {
  domain       = coalesce(var.sign_in.prefix, "${var.name}-${local.account}")
  user_pool_id = aws_cognito_user_pool.this.id
}
