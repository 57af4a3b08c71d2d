variable "name" {
  description = "Prefix of the Herald that sends here, as modules/notifier has it"
  type        = string
  default     = "herald"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,22}[a-z0-9]$", var.name))
    error_message = "A name has 2 to 24 small letters, digits and hyphens, starts with a letter and does not end with a hyphen."
  }
  validation {
    condition     = !can(regex("^(aws|ssm)", var.name))
    error_message = "A name does not begin with aws or ssm: SSM takes no parameters that do, and the keys lie under /NAME/."
  }
}

variable "identity" {
  description = "The SES domain, as modules/notifier has it: this region verifies it again. The MAIL FROM subdomain is `mail_from` with the region behind it"
  type = object({
    domain    = string
    create    = optional(bool, true)
    mail_from = optional(string, "bounce")
    zone_id   = optional(string)
  })
  nullable = false
}

variable "feedback_queue_arn" {
  description = "ARN of the notifier's queue `feedback`, which lets the topic NAME-feedback of every `ses://REGION` in its providers_in_order write to it"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.feedback_queue_arn))
    error_message = "feedback_queue_arn is the full ARN of a queue."
  }
}

variable "key_deletion_days" {
  description = "How long a deleted key can still be brought back, in days"
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.key_deletion_days >= 7 && var.key_deletion_days <= 30
    error_message = "KMS waits 7 to 30 days."
  }
}
