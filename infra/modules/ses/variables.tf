variable "name" {
  description = "Name of the configuration set, and prefix of the topic's name"
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the provider that the caller passes"
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "Account of the provider that the caller passes"
  type        = string
  nullable    = false
}

variable "key_arn" {
  description = "ARN of the key that encrypts the topic"
  type        = string
  nullable    = false
}

variable "identity" {
  description = "The SES domain. `create = false` uses one that exists; `mail_from_domain` is the custom MAIL FROM domain, and `dmarc` the DMARC record (null: none); `zone_id` writes the DNS records to that Route 53 zone"
  type = object({
    domain           = string
    create           = bool
    mail_from_domain = optional(string)
    dmarc            = optional(string)
    zone_id          = optional(string)
  })
  nullable = false
}

variable "tenant_sets" {
  description = "Configuration sets of tenants, by name: whether SES's suppression list for the account applies"
  type        = map(bool)
  default     = {}
  nullable    = false
}
