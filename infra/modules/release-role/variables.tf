variable "name" {
  description = "Prefix of the Herald that is released, the `name` of modules/notifier"
  type        = string
  default     = "herald"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,22}[a-z0-9]$", var.name))
    error_message = "name must have 2 to 24 lower-case letters, digits and hyphens, start with a letter and not end with a hyphen."
  }
  validation {
    condition     = !can(regex("^(aws|ssm)", var.name))
    error_message = "name must not begin with aws or ssm: SSM allows no such parameters, so no Herald has such a name."
  }
}

variable "key_arn" {
  description = "Key that encrypts the functions' settings"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.key_arn))
    error_message = "key_arn must be the ARN of a KMS key, not of an alias."
  }
}

variable "oidc_provider_arn" {
  description = "The account's IAM identity provider for GitHub Actions, token.actions.githubusercontent.com; an account has only one, so it may exist already"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.oidc_provider_arn))
    error_message = "oidc_provider_arn must be arn:PARTITION:iam::ACCOUNT:oidc-provider/token.actions.githubusercontent.com."
  }
}

variable "repository" {
  description = "The only repository that may release, as OWNER/NAME"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]*(@[0-9]+)?/[A-Za-z0-9._-]+(@[0-9]+)?$", var.repository))
    error_message = "repository must be OWNER/NAME, without wildcards; with ids, OWNER@1/NAME@2, if GitHub puts them into its subject."
  }
}

variable "environment" {
  description = "The only GitHub environment that may release; its protection rules say who, and from which branch"
  type        = string
  default     = "production"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_. -]{1,255}$", var.environment))
    error_message = "environment must be the name of a GitHub environment, without wildcards."
  }
}

variable "session_hours" {
  description = "How long one release may take, in hours: each hook may take one, and moving the traffic as long as the strategy says"
  type        = number
  default     = 4
  nullable    = false

  validation {
    condition     = var.session_hours >= 1 && var.session_hours <= 12 && floor(var.session_hours) == var.session_hours
    error_message = "A role's session must last 1 to 12 hours."
  }
}
