variable "name" {
  description = "Prefix of the Herald that sends here, the `name` of modules/notifier"
  type        = string
  default     = "herald"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,22}[a-z0-9]$", var.name))
    error_message = "name must have 2 to 24 lower-case letters, digits and hyphens, start with a letter and not end with a hyphen."
  }
  validation {
    condition     = !can(regex("^(aws|ssm)", var.name))
    error_message = "name must not begin with aws or ssm: SSM allows no such parameters, and the keys are stored under /NAME/."
  }
}

variable "identity" {
  description = "The SES domain, as in modules/notifier; it is verified again in this region. The MAIL FROM subdomain is `mail_from`, followed by the region"
  type = object({
    domain    = string
    create    = optional(bool, true)
    mail_from = optional(string, "bounce")
    zone_id   = optional(string)
  })
  nullable = false
}

variable "feedback_queue_arn" {
  description = "ARN of the notifier's queue `feedback`; its policy allows the topic NAME-feedback of every `ses://REGION` in the notifier's providers_in_order"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.feedback_queue_arn))
    error_message = "feedback_queue_arn must be the full ARN of a queue."
  }
}

variable "key_deletion_days" {
  description = "How long the deletion of the key can still be cancelled, in days"
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.key_deletion_days >= 7 && var.key_deletion_days <= 30
    error_message = "KMS allows a waiting period of 7 to 30 days."
  }
}
