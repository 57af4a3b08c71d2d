# The modules check the values, the provider checks region and account.

################################################################################
# Account, region and names
################################################################################

variable "name" {
  description = "Prefix of every name, so that one account can have several Heralds"
  type        = string
  default     = "herald"
  nullable    = false
}

variable "region" {
  description = "AWS region; null takes that of the environment. A region other than that of the environment is refused"
  type        = string
  default     = null

  validation {
    condition     = var.region == null || can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region must have a name like eu-west-1."
  }
  validation {
    condition     = var.region == null || !can(regex("^cn-", var.region))
    error_message = "SES does not exist in China's regions."
  }
}

variable "account_id" {
  description = "The only account that this configuration may be applied to; null: not checked"
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null || can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account id must have twelve digits; write it in quotes, or leading zeros are lost."
  }
}

################################################################################
# Mail
################################################################################

variable "identity" {
  description = "The SES domain. `create = false` uses one that exists; `mail_from` is the label of the custom MAIL FROM subdomain (empty: none); `dmarc_policy` is none, quarantine or reject, or `existing` if the domain has a DMARC record already; `zone_id` is the Route 53 zone to create the DNS records in, else they are outputs"
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
  description = "Addresses besides that of `sender` that notifications may name in `from`; they must be in `identity.domain`, too"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "roles" {
  description = "The address of each role that notifications may name in `cc` and `bcc`: `{ accounting = \"books@example.com\" }`. Not with `resend://` in `providers_in_order`, whose reports do not say which recipient's mail bounced"
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "attachment_buckets" {
  description = "Buckets that attachments of mails may be in; `notify` may read their objects. For a bucket encrypted with a customer managed key, allow the role `notify` to use that key. Empty: mails have no attachments"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "tenants" {
  description = "Senders besides the deployment's own, by the `tenant` that events name: `from` in the SES identity `identity` (a domain that SES has verified; `identity.domain` if none is named), `configuration_set` (created here, with its feedback), `tenant_name` (an existing SES tenant), `providers` (those of `providers_in_order` that may send its mail; all if none are named), `suppression` (`all`: the common list, or `own`: a list of its own). Each needs a brand in the package: `brands/acme.json` for `acme`"
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
  description = "ARNs of IAM roles that may publish events, in addition to the web app's"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "providers_in_order" {
  description = "Provider URLs in order of preference; if one certainly did not send a mail, the next is tried: `ses://REGION`, `smtp://HOST:587`, `sendgrid://`, `mailgun://DOMAIN`, `mailgun+eu://DOMAIN`, `resend://`. Empty: SES in this region"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "second_region" {
  description = "Another region in which SES sends: its identity, configuration set and feedback are created there. List it in `providers_in_order` as `ses://REGION`, too. To remove it, remove it there first and apply, and only then here. Null: none is created"
  type        = string
  default     = null

  validation {
    condition     = var.second_region == null ? true : var.second_region != var.region
    error_message = "The second region must differ from the first."
  }
}

variable "provider_secrets" {
  description = "Where the secrets of each provider other than SES are stored, by its URL: `key` is the ARN of an SSM parameter or a Secrets Manager secret with the API key (for SMTP: `user:password`); `webhook` is that of its webhook signing key, without which its reports are not accepted"
  type = map(object({
    key     = string
    webhook = optional(string)
  }))
  default  = {}
  nullable = false
}

variable "events_api" {
  description = "Lets apps without an AWS SDK post events over HTTP, with tokens of a Cognito user pool of their own: `types` are the types of events, one scope each; `clients` the ids of the app clients that may publish; `domain_prefix` the prefix of the host that issues tokens (null: from name and account); `rate` the requests a second and `burst` those at once. Null: none of it is created"
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
  description = "Takes events from an existing EventBridge bus of this account and region: the `name` of the bus, and the `pattern` of the rule as JSON. The `detail` of each matching event must be a CloudEvent, as on the topic. Null: none of it is created"
  type = object({
    name    = optional(string, "default")
    pattern = string
  })
  default = null
}

variable "scheduling" {
  description = "Whether events may be kept for later (`sendat`), collected for digests, and cancelled (`mail.cancel`): adds an index to the ledger, and a function that queries it once a minute"
  type        = bool
  default     = false
  nullable    = false
}

variable "delivery_mode" {
  description = "Who gets this deployment's mails: with `live` everybody, with `allowlist` those in `allowlist`, with `redirect` only `redirect_to`, in place of everybody. A deployment with a copy of production's data must not be `live`"
  type        = string
  default     = "live"
  nullable    = false
}

variable "allowlist" {
  description = "Addresses, and domains such as `@example.com`, that get mails in the mode `allowlist`. SES's mailbox simulator is always included: it reaches nobody"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "redirect_to" {
  description = "The address that gets all mails in the mode `redirect`"
  type        = string
  default     = null
}

variable "on_unknown" {
  description = "What happens to a mail whose answer was lost and for which no feedback came: `resend`, `hold`, or null: `resend` if every provider reports, else `hold`"
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
  description = "Whether to reserve the concurrent executions that notify needs for send_rate: impossible in a new account, which has 10 in all. Without it the retry queue keeps the rate, and other functions may use notify's executions"
  type        = bool
  default     = false
  nullable    = false
}

variable "retention_days" {
  description = "How long the ledger keeps an event, in days"
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
  description = "A custom host name for the web app, for example books.example.com (null: the HTTP API's own address). `certificate_arn` is a certificate in this region (null: one is created); `zone_id` a Route 53 zone to create the records in, else they are outputs; without both, set `certificate_issued` once the certificate is issued: until then the API's own address is used. `default_endpoint = false` disables that address once the domain is in use"
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
  description = "Requests that the HTTP API accepts: `rate` a second, and `burst` at once"
  type = object({
    rate  = optional(number, 50)
    burst = optional(number, 100)
  })
  default  = {}
  nullable = false
}

variable "limits" {
  description = "Limits for one account, or for one IP address without an account: requests a second in each process of the web function, and the mails that an account may cause in ten minutes and in a day"
  type = object({
    requests_per_second   = optional(number, 100)
    mails_per_ten_minutes = optional(number, 50)
    mails_per_day         = optional(number, 200)
  })
  default  = {}
  nullable = false
}

variable "sign_in" {
  description = "Cognito: `prefix` of the sign-in page's host (null: name and account); `open`: whether people may sign themselves up; `endpoint`: where the web function finds Cognito (null: AWS's own); `password_flow`: whether the client may exchange a password for tokens without the sign-in page; `mfa_required`: whether everybody must have a second factor (else it is optional); `ses_mail`: whether Cognito sends its mails by SES as `sender`: set it once the account is out of SES's sandbox, because Cognito's own mail is limited to about 50 a day"
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
  description = "How CodeDeploy shifts traffic: the name of a configuration, or `canary` for a configuration of your own (so many percent of the traffic for so many minutes, then all)"
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
  description = "A role for releases from GitHub Actions: `repository` as OWNER/NAME, the `environment` it releases from, and the account's identity provider for GitHub. Null: none is created"
  type = object({
    repository        = string
    environment       = optional(string, "production")
    oidc_provider_arn = string
  })
  default = null
}

variable "ops_emails" {
  description = "Addresses that alarms are mailed to; the owner of each must confirm the subscription"
  type        = list(string)
  default     = []
  nullable    = false
}

variable "mail_events" {
  description = "Whether mail events, which say what becomes of each mail, are published as CloudEvents on a topic of their own, from the ledger's stream"
  type        = bool
  default     = false
  nullable    = false
}

variable "mail_webhook" {
  description = "Posts the mail events to a webhook, too, signed as by Standard Webhooks: the https `url`, the ARN of the parameter or secret that holds the `secret` (`whsec_` and base64; during a rotation both, the new one first), and how many posts run at the same time (`max_concurrency`). Needs `mail_events`. Null: nothing is posted"
  type = object({
    url             = string
    secret          = string
    max_concurrency = optional(number, 5)
  })
  default = null
}

variable "traced" {
  description = "Whether X-Ray traces every function: at low rates nearly every invocation, at $5 a million. Without it, only traces that a caller has started are continued"
  type        = bool
  default     = false
  nullable    = false
}

variable "tracing" {
  description = "Traces each mail from the request to its delivery in OpenTelemetry spans: `endpoint` accepts OTLP over HTTP in JSON (a collector that runs as an extension of the function, or else https), `layer_arn` is the layer with that collector, such as OpenTelemetry's or ADOT's. Null: nothing is traced, and no code for it is imported"
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
  description = "Whether tables and user pool are protected from deletion. Switch it off and apply before `make destroy`"
  type        = bool
  default     = true
  nullable    = false
}
