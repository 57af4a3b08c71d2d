# The modules check the values, the provider checks region and account.

################################################################################
# Where, and under which names
################################################################################

variable "name" {
  description = "Prefix of every name, so that several Heralds live in one account"
  type        = string
  default     = "herald"
  nullable    = false
}

variable "region" {
  description = "AWS region; null takes the environment's, and another than the environment's is refused"
  type        = string
  default     = null

  validation {
    condition     = var.region == null || can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region is named like eu-west-1."
  }
  validation {
    condition     = var.region == null || !can(regex("^cn-", var.region))
    error_message = "SES is in no region of China."
  }
}

variable "account_id" {
  description = "The only account that this configuration may be applied to; null does not check"
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null || can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id has twelve digits; write it in quotes, or leading zeros are lost."
  }
}

################################################################################
# Mail
################################################################################

variable "identity" {
  description = "The SES domain. `create = false` uses one that exists; `mail_from` is the label of the custom MAIL FROM subdomain (empty: none); `dmarc_policy` is none, quarantine or reject, or `existing` where the domain has a DMARC record already; `zone_id` writes the DNS records to that Route 53 zone, else they are outputs"
  type = object({
    domain        = string
    create        = optional(bool, true)
    mail_from     = optional(string, "bounce")
    dmarc_policy  = optional(string, "none")
    dmarc_reports = optional(string)
    zone_id       = optional(string)
  })
  nullable = false
}

variable "sender" {
  description = "From header of every mail, for example `Herald <books@herald.example>`"
  type        = string
  nullable    = false
}

variable "senders" {
  description = "Addresses that notifications may name in `from`, besides that of `sender`; in `identity.domain`, too"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "roles" {
  description = "The address of each role that notifications may name in `cc` and `bcc`: `{ accounting = \"books@example.com\" }`. Not with `resend://` in `providers_in_order`, whose reports do not say whose mail bounced"
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "attachment_buckets" {
  description = "Buckets that attachments of mails may be in; `notify` may read their objects. For a bucket encrypted by a customer key, allow the role `notify` to use that key. Empty: mails have no attachments"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "tenants" {
  description = "Other senders beside the deployment's own, by the `tenant` that events name: `from` in the SES identity `identity` (a domain that SES has verified; `identity.domain` if none is named), `configuration_set` (made here, with its feedback), `tenant_name` (SES's own tenant, which exists), `providers` (those of `providers_in_order` that may send it; all if none are named), `suppression` (`all`, or `own`: a list of its own). Each needs a brand in the package: `acme` has `brands/acme.json`"
  type = map(object({
    from              = string
    identity          = optional(string)
    configuration_set = optional(string)
    tenant_name       = optional(string)
    providers         = optional(list(string))
    suppression       = optional(string, "all")
  }))
  default  = {}
  nullable = false
}

variable "publishers" {
  description = "ARNs of IAM roles that may publish besides the web app's"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "providers_in_order" {
  description = "Provider URLs; where one certainly did not send, the next is tried: `ses://REGION`, `smtp://HOST:587`, `sendgrid://`, `mailgun://DOMAIN`, `mailgun+eu://DOMAIN`, `resend://`. Empty: SES in this region"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "second_region" {
  description = "Another region in which SES sends: its identity, configuration set and feedback are made there. List it in `providers_in_order` as `ses://REGION` too. To remove it, remove it there first and apply, and only then here. Null: none is made"
  type        = string
  default     = null

  validation {
    condition     = var.second_region == null ? true : var.second_region != var.region
    error_message = "The second region is another than the first."
  }
}

variable "provider_secrets" {
  description = "Where the secret of each provider but SES is kept, by its URL: `key` is the ARN of an SSM parameter or a Secrets Manager secret with the API key (of SMTP: `user:password`); with `webhook`, that of its webhook signing key, its reports are accepted"
  type = map(object({
    key     = string
    webhook = optional(string)
  }))
  default  = {}
  nullable = false
}

variable "events_api" {
  description = "Apps without an AWS SDK post events over HTTP, with tokens of a Cognito user pool of their own: `types` of events that have a scope; `clients`, the ids of the app clients that may publish; `domain_prefix` of the host that issues tokens (null: from name and account); `rate` of requests a second and `burst` at once. Null: none of it is created"
  type = object({
    types         = list(string)
    clients       = optional(list(string), [])
    domain_prefix = optional(string)
    rate          = optional(number, 20)
    burst         = optional(number, 40)
  })
  default = null
}

variable "event_bus" {
  description = "Events that are on an EventBridge bus of this account and region already: the `name` of the bus, and the `pattern` of its rule as JSON. The `detail` of what matches is a CloudEvent, as on the topic. Null: none of it is created"
  type = object({
    name    = optional(string, "default")
    pattern = string
  })
  default = null
}

variable "scheduling" {
  description = "Whether events may be kept for later (`sendat`), collected for digests, and cancelled (`mail.cancel`): an index of the ledger, and a function that looks into it once a minute"
  type        = bool
  default     = false
  nullable    = false
}

variable "delivery_mode" {
  description = "Whom this copy mails: `live` everybody, `allowlist` those in `allowlist`, `redirect` only `redirect_to`, in everybody's place. A copy of production's data is never `live`"
  type        = string
  default     = "live"
  nullable    = false
}

variable "allowlist" {
  description = "Whom `allowlist` mails: addresses, and domains such as `@example.com`. SES's mailbox simulator is always on it: it reaches nobody"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "redirect_to" {
  description = "The one address that `redirect` mails"
  type        = string
  default     = null
}

variable "on_unknown" {
  description = "What happens to a mail whose answer was lost and for which no feedback came: `resend`, `hold`, or null: `resend` where every provider gives reports"
  type        = string
  default     = null
}

variable "send_rate" {
  description = "Mails a second that SES allows this account"
  type        = number
  default     = 14
  nullable    = false
}

variable "reserve_concurrency" {
  description = "Whether notify reserves the executions that send_rate needs: a new account has 10 in all and cannot. Without it the retry queue keeps the rate, and other functions may use notify's executions"
  type        = bool
  default     = false
  nullable    = false
}

variable "retention_days" {
  description = "How long the ledger remembers an event, in days"
  type        = number
  default     = 60
  nullable    = false
}

################################################################################
# Web app
################################################################################

variable "public_url" {
  description = "Base of the links in mails. Null: `custom_domain`, or the HTTP API's own address"
  type        = string
  default     = null
}

variable "custom_domain" {
  description = "A host name of the web app's own, for example books.example.com (null: the HTTP API's own address). `certificate_arn` is a certificate of this region (null: one is made); `zone_id` a Route 53 zone that gets the records, else they are outputs; without both, say `certificate_issued` once the certificate is issued: until then the API's own address serves. `default_endpoint = false` closes that address once the domain serves"
  type = object({
    name               = string
    certificate_arn    = optional(string)
    zone_id            = optional(string)
    certificate_issued = optional(bool, false)
    default_endpoint   = optional(bool, true)
  })
  default = null
}

variable "throttle" {
  description = "Requests a second that the HTTP API lets in, steadily and at once"
  type = object({
    rate  = optional(number, 50)
    burst = optional(number, 100)
  })
  default  = {}
  nullable = false
}

variable "limits" {
  description = "What one account, or one address without an account, may do: requests a second in each process of the web function, and the mails that an account may cause in ten minutes and in a day"
  type = object({
    requests_per_second   = optional(number, 100)
    mails_per_ten_minutes = optional(number, 50)
    mails_per_day         = optional(number, 200)
  })
  default  = {}
  nullable = false
}

variable "sign_in" {
  description = "Cognito: `prefix` of the sign-in page's host (null: name and account), `open` whether people may sign themselves up, `endpoint` where the web function finds Cognito (null: AWS's own), `password_flow` whether the client may exchange a password for tokens without the sign-in page, `mfa_required` whether everybody must have a second factor (else who wants one), `ses_mail` whether Cognito's mails leave through SES as `sender`: say so once the account is out of SES's sandbox, because Cognito's own mail ends after about 50 a day"
  type = object({
    prefix        = optional(string)
    open          = optional(bool, true)
    endpoint      = optional(string)
    password_flow = optional(bool, false)
    mfa_required  = optional(bool, false)
    ses_mail      = optional(bool, false)
  })
  default  = {}
  nullable = false
}

################################################################################
# Packages, release and upkeep
################################################################################

variable "function_package" {
  description = "Path of function.zip"
  type        = string
  default     = "../build/package/cloud/function.zip"
  nullable    = false
}

variable "webapp_package" {
  description = "Path of webapp.zip"
  type        = string
  default     = "../build/package/cloud/webapp.zip"
  nullable    = false
}

variable "architecture" {
  description = "Instruction set of both packages: arm64 or x86_64"
  type        = string
  default     = "arm64"
  nullable    = false
}

variable "deployment" {
  description = "How CodeDeploy shifts traffic: the name of a configuration, or `canary` for one of your own (percent of the traffic for that many minutes, then all)"
  type = object({
    config = optional(string, "CodeDeployDefault.LambdaCanary10Percent5Minutes")
    canary = optional(object({
      percent = number
      minutes = number
    }))
  })
  default  = {}
  nullable = false
}

variable "release_role" {
  description = "A role that GitHub Actions may release with: `repository` as OWNER/NAME, the `environment` it releases from, and the account's identity provider for GitHub. Null: none is made"
  type = object({
    repository        = string
    environment       = optional(string, "production")
    oidc_provider_arn = string
  })
  default = null
}

variable "ops_emails" {
  description = "Addresses that alarms are mailed to, each confirmed by its owner"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "mail_events" {
  description = "Whether what becomes of each mail is published, as CloudEvents on a topic of its own, made from the ledger's stream"
  type        = bool
  default     = false
  nullable    = false
}

variable "mail_webhook" {
  description = "Where what becomes of each mail is posted besides, signed (Standard Webhooks): an https `url`, the ARN of the parameter or secret that keeps the `secret` (`whsec_` and base64; while it is rotated both, the new one first), and how many posts there are `at_once`. Needs `mail_events`. Null: nowhere"
  type = object({
    url     = string
    secret  = string
    at_once = optional(number, 5)
  })
  default = null
}

variable "traced" {
  description = "Whether X-Ray records what Lambda sees of every function: at low rates nearly every invocation, at $5 a million. Without it, traces that a caller has begun go on"
  type        = bool
  default     = false
  nullable    = false
}

variable "tracing" {
  description = "Follows each mail from the request to its delivery, as OpenTelemetry spans: `endpoint` takes OTLP over HTTP in JSON (the collector of an extension on the function's own machine, else https), `layer_arn` is the layer that brings it, such as OpenTelemetry's collector layer or ADOT's. Null: nothing is traced, and nothing of it imported"
  type = object({
    endpoint  = optional(string)
    layer_arn = optional(string)
  })
  default = null
}

variable "log_retention_days" {
  description = "How long logs are kept, in days"
  type        = number
  default     = 365
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether tables and user pool refuse to be deleted. `make destroy` needs it off, applied before"
  type        = bool
  default     = true
  nullable    = false
}
