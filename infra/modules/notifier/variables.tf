################################################################################
# App, sender and publishers
################################################################################

variable "name" {
  description = "Prefix of every name, so that one account can have several Heralds"
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

variable "package" {
  description = "Path of function.zip, as the package command builds it. Only the first version is deployed from it; releases deploy later ones"
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.package, ".zip") && fileexists(var.package)
    error_message = "There is no package at this path. Build function.zip first, then give its path."
  }
  # The package command writes a file beside the zip that names its target; if it describes another zip, it is ignored.
  validation {
    condition     = try([for note in [jsondecode(file("${trimsuffix(var.package, ".zip")}.json"))] : note.architecture if note.target == "cloud" && note.sha256 == filesha256(var.package)][0], var.architecture) == var.architecture
    error_message = "The package was built for a different processor than `architecture`: build it again for this one."
  }
}

variable "sender" {
  description = "From header of every mail, for example `Herald <books@herald.example>`"
  type        = string
  nullable    = false

  # tests/infra/values.json holds these and the function's own checks together.
  validation {
    condition     = can(regex("^((\"[^\"\\\\<>@\\pC\\pZ]([^\"\\\\<>@\\pC\\pZ]| ){0,99}\"|[^\"\\\\<>@\\pC\\pZ]([^\"\\\\<>@\\pC\\pZ]| ){0,99}) <[^<>\\s]+>|[^<>\\s]+)$", var.sender))
    error_message = "A sender must be `Name <address>` or a bare address, on one line; a name may have up to 100 characters and none of < > @ \" and backslash inside."
  }
  validation {
    condition     = try(can(regex("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[!-?A-~]+$", regex("[^<> ]+>?$", var.sender))) && length(split("@", regex("[^<> ]+>?$", var.sender))[0]) <= 64, false)
    error_message = "The sender's address must be ASCII: SES accepts no Unicode before the @, and the domain only in punycode (xn--…)."
  }
  validation {
    condition     = endswith(lower(trimsuffix(var.sender, ">")), "@${lower(var.identity.domain)}")
    error_message = "The sender's address must belong to identity.domain: SPF, DKIM and DMARC are aligned on it."
  }
}

variable "senders" {
  description = "Addresses besides that of `sender` that notifications may name in `from`; they must be in `identity.domain`, too"
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for one in var.senders : can(regex("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9.-]+$", one)) && length(split("@", one)[0]) <= 64])
    error_message = "senders must be plain addresses such as orders@example.com: ASCII, without names and spaces."
  }
  validation {
    condition     = alltrue([for one in var.senders : endswith(lower(one), "@${lower(var.identity.domain)}")])
    error_message = "senders must belong to identity.domain: SPF, DKIM and DMARC are aligned on it."
  }
  validation {
    condition     = length(var.senders) <= 20
    error_message = "There may be at most 20 senders: they are stored in the function's environment, which Lambda limits to 4 KB."
  }
}

variable "roles" {
  description = "The address of each role that notifications may name in `cc` and `bcc`: `{ accounting = \"books@example.com\" }`. Not with `resend://` in `providers_in_order`, whose reports do not say which recipient's mail bounced"
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.roles) : can(regex("^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", name))])
    error_message = "The name of a role must be a lower-case letter, then up to 31 lower-case letters, digits and hyphens, and must not end with a hyphen."
  }
  validation {
    condition     = alltrue([for one in values(var.roles) : can(regex("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$", one)) && !can(regex("\\.[0-9]+$", one)) && can(regex("^[^@]{1,64}@[^@]{1,253}$", one))])
    error_message = "The address of a role must be a plain one such as books@example.com: ASCII, without a name and spaces."
  }
  validation {
    condition     = length(var.roles) == 0 || !contains(var.providers_in_order, "resend://")
    error_message = "Roles get copies through every provider, and Resend's reports name all of a mail's recipients: a copy's bounce would be mistaken for the recipient's. Remove one of the two."
  }
  validation {
    condition     = length(jsonencode(var.roles)) <= 1000
    error_message = "The roles take more than the 1000 bytes that they may have in the function's environment, which Lambda limits to 4 KB."
  }
}

variable "attachment_buckets" {
  description = "Buckets that attachments of mails may be in; `notify` may read their objects. For a bucket encrypted with a customer managed key, allow the role `notify` to use that key. Empty: mails have no attachments"
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for one in var.attachment_buckets : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", one))])
    error_message = "attachment_buckets must be names of buckets, such as invoices: no s3://, no ARN, no path."
  }
  validation {
    condition     = length(var.attachment_buckets) <= 10
    error_message = "There may be at most 10 attachment_buckets: they are stored in the function's environment, which Lambda limits to 4 KB."
  }
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

  validation {
    condition     = alltrue([for name, one in var.tenants : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", name))])
    error_message = "The name of a tenant must have 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at each end."
  }
  # As for `sender`, but everything except the name must be ASCII.
  validation {
    condition     = alltrue([for one in values(var.tenants) : can(regex("^((\"[^\"\\\\<>@\\pC\\pZ]([^\"\\\\<>@\\pC\\pZ]| ){0,99}\"|[^\"\\\\<>@\\pC\\pZ]([^\"\\\\<>@\\pC\\pZ]| ){0,99}) <[^<>\\s]+>|[^<>\\s]+)$", one.from)) && can(regex("(^|<)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+>?$", one.from)) && can(regex("(^|<)[^@]{1,64}@[^@]+$", one.from))])
    error_message = "A tenant's from must be `Name <address>` or a bare address, like sender: the address in ASCII, the domain in punycode (xn--…)."
  }
  validation {
    condition     = alltrue([for one in values(var.tenants) : endswith(lower(trimsuffix(one.from, ">")), "@${lower(coalesce(one.identity, var.identity.domain))}") || endswith(lower(trimsuffix(one.from, ">")), ".${lower(coalesce(one.identity, var.identity.domain))}")])
    error_message = "A tenant's from must belong to its identity, or to identity.domain if it has none: SPF, DKIM and DMARC are aligned on it."
  }
  validation {
    condition     = alltrue([for one in values(var.tenants) : can(regex("^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z][A-Za-z0-9-]*$", coalesce(one.identity, var.identity.domain)))])
    error_message = "A tenant's identity must be a domain that SES has verified, such as acme.example."
  }
  validation {
    condition     = alltrue([for name in compact(flatten([for one in values(var.tenants) : [one.configuration_set, one.tenant_name]])) : can(regex("^[A-Za-z0-9_-]{1,64}$", name))])
    error_message = "A tenant's configuration_set and tenant_name must have 1 to 64 letters, digits, hyphens and underscores."
  }
  validation {
    condition     = alltrue([for one in values(var.tenants) : one.configuration_set == null || one.configuration_set != var.name])
    error_message = "A tenant's configuration_set must differ from the deployment's own, which is called `name`: leave it out to use that one."
  }
  validation {
    condition     = alltrue([for one in values(var.tenants) : contains(["all", "own"], one.suppression)])
    error_message = "A tenant's suppression must be all (one list for all) or own."
  }
  validation {
    condition     = alltrue([for one in values(var.tenants) : one.providers == null || try(length(one.providers) > 0 && length(setsubtract(one.providers, var.providers_in_order)) == 0, false)])
    error_message = "A tenant's providers must be among providers_in_order."
  }
  # A provider, or SES in another region, accepts only senders that were verified there.
  validation {
    condition     = alltrue([for one in values(var.tenants) : one.providers != null || length(var.providers_in_order) <= 1 || (one.configuration_set == null && one.tenant_name == null && lower(coalesce(one.identity, var.identity.domain)) == lower(var.identity.domain))])
    error_message = "With several providers, a tenant that has an identity, a configuration_set or a tenant_name of its own must name in providers those that know it: its mail fails over to no others."
  }
  validation {
    condition     = alltrue([for one in values(var.tenants) : (one.configuration_set == null && one.tenant_name == null) || length([for url in coalesce(one.providers, []) : url if startswith(url, "ses://")]) <= 1])
    error_message = "A tenant with a configuration_set or a tenant_name must send by SES in one region: both belong to that region."
  }
  validation {
    condition     = length(var.tenants) == 0 || length(base64gzip(jsonencode({ for name, one in var.tenants : name => { for key, value in one : key => value if value != null && key != "identity" && !(key == "suppression" && value == "all") } }))) <= 1800
    error_message = "The tenants take more than the 1800 bytes, compressed, that they may have in the function's environment, which Lambda limits to 4 KB. About 40 tenants fit; more need another notifier."
  }
}

variable "publishers" {
  description = "ARNs of the only IAM roles that may publish to the topic"
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.publishers : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/*-]+$", arn))])
    error_message = "publishers must be IAM role ARNs, without wildcards for the account."
  }
}

variable "shared_topic" {
  description = "An existing topic to subscribe to instead of creating one. `filter` keeps only messages whose attributes match (attribute name to accepted values); what it drops raises an alarm"
  type = object({
    arn    = string
    filter = optional(map(list(string)), {})
  })
  default = null

  validation {
    condition     = var.shared_topic == null || can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.shared_topic.arn))
    error_message = "shared_topic.arn must be the ARN of a standard SNS topic."
  }
  validation {
    condition     = var.shared_topic == null || length(try(var.publishers, [])) == 0
    error_message = "The owner of a shared topic decides who may publish to it: leave publishers empty."
  }
}

################################################################################
# Sending
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

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$", var.identity.domain)) && length(var.identity.domain) <= 189
    error_message = "identity.domain must be a domain name in lower case, in punycode (xn--...) if it is not ASCII, with at most 189 characters: the labels in front of it in its DNS records need the rest."
  }
  validation {
    condition     = var.identity.mail_from == "" || can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.identity.mail_from))
    error_message = "identity.mail_from must be one label below the domain, such as `bounce`."
  }
  validation {
    condition     = contains(["none", "quarantine", "reject", "existing"], var.identity.dmarc_policy)
    error_message = "identity.dmarc_policy must be none, quarantine or reject, or existing to keep the domain's record."
  }
  validation {
    condition     = var.identity.dmarc_reports == null || (can(regex("^[A-Za-z0-9#$&'*+/=?^_`{|}~.-]+@([A-Za-z0-9-]+\\.)+[A-Za-z0-9-]+$", var.identity.dmarc_reports)) && length(coalesce(var.identity.dmarc_reports, "-")) <= 200)
    error_message = "identity.dmarc_reports must be one mail address in ASCII of at most 200 characters, without ! and %, which have a meaning in the record."
  }
  validation {
    condition     = var.identity.zone_id == null || can(regex("^[A-Z0-9]{1,32}$", var.identity.zone_id))
    error_message = "identity.zone_id must be the id of a Route 53 zone, without /hostedzone/."
  }
}

variable "providers_in_order" {
  description = "Provider URLs in order of preference; if one certainly did not send a mail, the next is tried: `ses://REGION`, `smtp://HOST:587`, `sendgrid://`, `mailgun://DOMAIN`, `mailgun+eu://DOMAIN`, `resend://`. Empty: SES in this region"
  type        = list(string)
  default     = []
  nullable    = false

  # tests/infra/values.json holds these and the function's own checks together.
  validation {
    condition     = alltrue([for url in var.providers_in_order : length(url) <= 300 && can(regex("^(ses://[a-z]{2,4}(-[a-z]+)+-[0-9]|smtp://(([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]):[1-9][0-9]{1,4}|sendgrid://|mailgun(\\+eu)?://([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]|resend://)$", url))])
    error_message = "A provider must be `ses://eu-west-1`, `smtp://HOST:587`, `sendgrid://`, `mailgun://DOMAIN`, `mailgun+eu://DOMAIN` or `resend://`. SES's global endpoint is not a provider: name its two regions instead (docs/providers.md)."
  }
  validation {
    condition     = alltrue([for url in var.providers_in_order : !startswith(url, "ses://cn-")])
    error_message = "SES does not exist in China's regions."
  }
  validation {
    condition     = alltrue([for url in var.providers_in_order : try(!contains([25, 465, 2465], tonumber(regex(":([0-9]+)$", url)[0])) && tonumber(regex(":([0-9]+)$", url)[0]) < 65536, true)])
    error_message = "The port of a mail server must be a submission port such as 587 or 2587: Lambda blocks 25, and 465 and 2465 expect TLS from the first byte."
  }
  validation {
    condition     = length(distinct(var.providers_in_order)) == length(var.providers_in_order)
    error_message = "A provider must be in the list only once: a mail must not fail over to where it failed."
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

  validation {
    condition     = alltrue([for arn in flatten([for secret in values(var.provider_secrets) : compact([secret.key, try(secret.webhook, null)])]) : can(regex("^arn:[a-z-]+:(ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9/_.-]+|secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]+-[A-Za-z0-9]{6})$", arn))])
    error_message = "A secret must be the full ARN of an SSM parameter or a Secrets Manager secret, which ends with a hyphen and six characters, without wildcards."
  }
  validation {
    condition     = sort(keys(var.provider_secrets)) == sort([for url in var.providers_in_order : url if !startswith(url, "ses://")])
    error_message = "provider_secrets must have an entry for each provider except SES, and no others."
  }
  validation {
    condition     = alltrue([for url, secret in var.provider_secrets : try(secret.webhook, null) == null || !startswith(url, "smtp://")])
    error_message = "A mail server sends no reports by webhook."
  }
}

variable "webhook_throttle" {
  description = "Throttle of the providers' webhooks: `rate` of requests a second (null: three for each mail at `send_rate`, but at least 200, or 1,000 with Mailgun, and at most 5,000), and `burst` at once (null: the same as `rate`); requests over it are answered 429 and come again"
  type = object({
    rate  = optional(number)
    burst = optional(number)
  })
  default  = {}
  nullable = false

  # An account's limits are 10,000 requests a second and 5,000 at once, shared with its other APIs.
  # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
  validation {
    condition     = alltrue([for limit in [coalesce(var.webhook_throttle.rate, 50), coalesce(var.webhook_throttle.burst, 50)] : limit >= 1 && limit <= 5000])
    error_message = "rate and burst of webhook_throttle must be from 1 to 5,000 requests: with less nobody can report, more does not throttle."
  }
}

variable "events_api" {
  description = "Lets apps without an AWS SDK post events over HTTP, with tokens of a Cognito user pool of the module's own: `types` are the types of events, one scope each; `clients` the ids of the app clients that may publish; `domain_prefix` the prefix of the host that issues tokens (null: from name and account); `rate` the requests a second and `burst` those at once. Null: none of it is created"
  type = object({
    types         = list(string)
    clients       = optional(list(string), [])
    domain_prefix = optional(string)
    rate          = optional(number, 20)
    burst         = optional(number, 40)
  })
  default = null

  # https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ResourceServerScopeType.html
  validation {
    condition     = var.events_api == null ? true : length(var.events_api.types) >= 1 && length(var.events_api.types) <= 100 && length(distinct(var.events_api.types)) == length(var.events_api.types)
    error_message = "events_api.types must name 1 to 100 types, each once: a Cognito resource server has at most 100 scopes."
  }
  validation {
    condition     = var.events_api == null ? true : alltrue([for type in var.events_api.types : can(regex("^[!#-.0-\\[\\]-~]{1,200}$", type))])
    error_message = "A type in events_api.types must be printable ASCII without spaces, quotes, backslashes and slashes: it names a scope."
  }
  # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
  validation {
    condition     = var.events_api == null ? true : length(var.events_api.clients) <= 50 && alltrue([for id in var.events_api.clients : can(regex("^[A-Za-z0-9_+]{1,128}$", id))])
    error_message = "events_api.clients must be ids of Cognito app clients, at most 50."
  }
  validation {
    condition     = try(var.events_api.domain_prefix, null) == null ? true : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.events_api.domain_prefix)) && !can(regex("aws|amazon|cognito", var.events_api.domain_prefix))
    error_message = "events_api.domain_prefix must be a label of lower-case letters, digits and hyphens without the words aws, amazon and cognito."
  }
  validation {
    condition     = var.events_api == null ? true : var.events_api.domain_prefix != null || !can(regex("aws|amazon|cognito", var.name))
    error_message = "Cognito does not allow the words aws, amazon and cognito in the token endpoint's host, which would be name and account: set events_api.domain_prefix."
  }
  # With more, a flood of requests could take the account's Lambda concurrency away from `notify`.
  validation {
    condition     = var.events_api == null ? true : alltrue([for limit in [var.events_api.rate, var.events_api.burst] : limit >= 1 && limit <= 500])
    error_message = "rate and burst of events_api must be from 1 to 500 requests."
  }
  validation {
    condition     = var.events_api == null ? true : var.shared_topic == null
    error_message = "The owner of a shared topic decides who may publish to it: events_api needs Herald's own topic."
  }
}

variable "event_bus" {
  description = "Takes events from an existing EventBridge bus of this account and region: the `name` of the bus, and the `pattern` of the rule as JSON. The `detail` of each matching event must be a CloudEvent, as on the topic. Null: none of it is created"
  type = object({
    name    = optional(string, "default")
    pattern = string
  })
  default = null

  validation {
    condition     = var.event_bus == null ? true : can(regex("^[A-Za-z0-9._-]{1,256}$", var.event_bus.name))
    error_message = "event_bus.name must be the name of a bus in this account, not an ARN and not a partner's bus."
  }
  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
  validation {
    condition     = var.event_bus == null ? true : length(var.event_bus.pattern) <= 4096 && length(setintersection(try(keys(jsondecode(var.event_bus.pattern)), []), ["source", "detail-type", "detail"])) > 0
    error_message = "event_bus.pattern must be a JSON object of at most 4,096 characters that matches a source, a detail-type or part of the detail: whatever else is on the bus would become dead letters."
  }
  validation {
    condition     = var.event_bus == null ? true : var.shared_topic == null
    error_message = "The owner of a shared topic decides who may publish to it: event_bus needs Herald's own topic."
  }
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

  validation {
    condition     = contains(["live", "allowlist", "redirect"], var.delivery_mode)
    error_message = "delivery_mode must be live, allowlist or redirect."
  }
  validation {
    condition     = var.delivery_mode == "allowlist" || length(var.allowlist) == 0
    error_message = "An allowlist without delivery_mode = \"allowlist\" would protect no one."
  }
  validation {
    condition     = var.delivery_mode != "allowlist" || length(var.allowlist) > 0
    error_message = "delivery_mode = \"allowlist\" needs an allowlist."
  }
  validation {
    condition     = (var.delivery_mode == "redirect") == (var.redirect_to != null)
    error_message = "delivery_mode = \"redirect\" and redirect_to must be set together: neither protects anyone alone."
  }
}

variable "allowlist" {
  description = "Addresses, and domains such as `@example.com`, that get mails in the mode `allowlist`. SES's mailbox simulator is always included: it reaches nobody"
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for entry in var.allowlist : can(regex("^[^\\s@,<>]*@[^\\s@,<>]+$", entry))])
    error_message = "An entry must be a bare address or a domain that begins with @."
  }
  # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  validation {
    condition     = length(join(",", var.allowlist)) <= 2000
    error_message = "allowlist may have at most 2,000 characters in total, because Lambda limits a function's settings to 4 KB: use domains."
  }
}

variable "redirect_to" {
  description = "The address that gets all mails in the mode `redirect`"
  type        = string
  default     = null

  validation {
    condition     = var.redirect_to == null || can(regex("^[^\\s@,<>]+@[^\\s@,<>]+$", var.redirect_to))
    error_message = "redirect_to must be one bare address."
  }
}

variable "on_unknown" {
  description = "What happens to a mail whose answer was lost and for which no feedback came: `resend`, `hold`, or null: `resend` if every provider reports, else `hold`"
  type        = string
  default     = null

  validation {
    condition     = var.on_unknown == null || contains(["resend", "hold"], coalesce(var.on_unknown, "-"))
    error_message = "on_unknown must be resend, hold or null."
  }
  validation {
    condition     = coalesce(var.on_unknown, "hold") == "hold" || alltrue([for url in var.providers_in_order : startswith(url, "ses://")])
    error_message = "With a provider that gives no reports, a lost answer stays unknown for ever: with one in the list, on_unknown must be hold or null."
  }
}

variable "send_rate" {
  description = "Mails a second that SES allows this account"
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.send_rate > 0
    error_message = "send_rate must be a positive number of mails a second."
  }
}

variable "seconds_per_send" {
  description = "How long one delivery takes, in seconds. The concurrency is computed from it and send_rate"
  type        = number
  default     = 0.25
  nullable    = false

  validation {
    condition     = var.seconds_per_send > 0 && var.seconds_per_send <= 60
    error_message = "seconds_per_send must be between 0 and 60."
  }
}

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
variable "reserve_concurrency" {
  description = "Whether to reserve the concurrent executions that notify needs for send_rate. Lambda keeps 100 of an account's executions unreserved (10 in a new account, which has no more), so a new account must leave this off. Without it, a burst is refused by SES and waits in the retry queue, whose maximum concurrency keeps the rate; and other functions of the account may use the executions that notify needs"
  type        = bool
  default     = false
  nullable    = false
}

variable "retry_concurrency" {
  description = "Maximum concurrency of the retry queue; null: three quarters of what send_rate needs, so that a backlog drains at nearly the sending rate and leaves capacity for new events"
  type        = number
  default     = null

  validation {
    condition     = var.retry_concurrency == null || try(var.retry_concurrency >= 2 && var.retry_concurrency <= 1000 && floor(var.retry_concurrency) == var.retry_concurrency, false)
    error_message = "retry_concurrency must be a whole number from 2 to 1000, the range of an SQS mapping, or null."
  }
}

variable "hold_seconds" {
  description = "How long a claimed mail belongs to its owner, in seconds"
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.hold_seconds >= 60 && var.hold_seconds <= 3600
    error_message = "hold_seconds must be between a minute and an hour."
  }
}

variable "retention_days" {
  description = "How long the ledger keeps an event, in days"
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.retention_days >= 40 && var.retention_days <= 3650
    error_message = "SNS retries for 23 days and a dead letter is kept for 14: the ledger must keep records for 40 to 3650 days."
  }
}

variable "address_key" {
  description = "Secret of the hash by which the ledger stores addresses, at least 32 bytes. Used only when the parameter is created, and kept out of plan and state"
  type        = string
  ephemeral   = true
  nullable    = false

  validation {
    condition     = length(var.address_key) >= 32
    error_message = "address_key must have at least 32 bytes."
  }
}

variable "link_key" {
  description = "Secret that signs the unsubscribe links in mails, at least 32 bytes. Used only once, like address_key"
  type        = string
  ephemeral   = true
  nullable    = false

  validation {
    condition     = length(var.link_key) >= 32
    error_message = "link_key must have at least 32 bytes."
  }
}

variable "unsubscribe_url" {
  description = "Base of the unsubscribe links in subscriptions, to which a signed token is appended. Null: mails have no such link"
  type        = string
  default     = null

  validation {
    condition     = var.unsubscribe_url == null || can(regex("^(https://([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?|http://(127\\.0\\.0\\.1|localhost))(:[1-9][0-9]{0,4})?(/[A-Za-z0-9_-]+)*$", var.unsubscribe_url))
    error_message = "unsubscribe_url must be https://HOST/PATH without a user or a trailing slash."
  }
  validation {
    condition     = try(tonumber(regex(":([0-9]+)(?:/|$)", var.unsubscribe_url)[0]) < 65536, true)
    error_message = "The port in unsubscribe_url must be at most 65535."
  }
}

################################################################################
# Functions
################################################################################

variable "architecture" {
  description = "Instruction set of the package: arm64 or x86_64"
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "memory" {
  description = "Memory of notify and feedback, in MB"
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory >= 128 && var.memory <= 10240
    error_message = "memory must be between 128 and 10240 MB."
  }
}

variable "timeout" {
  description = "Timeout of notify and feedback, in seconds"
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.timeout >= 16 && var.timeout <= 900 && floor(var.timeout) == var.timeout
    error_message = "timeout must be between 16 and 900 seconds: with less no mail can be sent, because a send starts only if its own 12 seconds and 3 to record it still fit."
  }
  validation {
    condition     = var.timeout < var.hold_seconds / 2
    error_message = "timeout must be less than half of hold_seconds: the owner's token protects writes, not mails."
  }
}

variable "feedback_batch" {
  description = "How much feedback one invocation processes: at most `size` messages, collected for at most `seconds`"
  type = object({
    size    = optional(number, 100)
    seconds = optional(number, 5)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.feedback_batch.size >= 1 && var.feedback_batch.size <= 1000 && var.feedback_batch.seconds >= 0 && var.feedback_batch.seconds <= 60
    error_message = "feedback_batch must have 1 to 1000 messages and 0 to 60 seconds."
  }
  validation {
    condition     = var.feedback_batch.size <= 10 || var.feedback_batch.seconds >= 1
    error_message = "A batch of more than 10 messages needs at least one second of waiting."
  }
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

  validation {
    condition     = var.mail_webhook == null ? true : can(regex("^(https://([A-Za-z0-9-]+\\.)*[A-Za-z0-9-]+|http://127\\.0\\.0\\.1)(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~%!$&'()*+,;=:@/-]*)?(\\?[A-Za-z0-9._~%!$&'()*+,;=:@/?-]*)?$", var.mail_webhook.url))
    error_message = "mail_webhook.url must be an https URL without a user or fragment (http only on 127.0.0.1, in the laptop cloud)."
  }
  validation {
    condition     = var.mail_webhook == null ? true : can(regex("^arn:[a-z-]+:(ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9/_.-]+|secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]+-[A-Za-z0-9]{6})$", var.mail_webhook.secret))
    error_message = "mail_webhook.secret must be the ARN of an SSM parameter, or of a Secrets Manager secret including its last six characters."
  }
  validation {
    condition     = var.mail_webhook == null ? true : var.mail_events
    error_message = "mail_webhook posts the events of mail_events: switch that on too."
  }
  validation {
    condition     = var.mail_webhook == null ? true : var.mail_webhook.max_concurrency >= 2 && var.mail_webhook.max_concurrency <= 1000
    error_message = "mail_webhook.max_concurrency must be between 2 and 1000, the range that Lambda allows."
  }
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
    endpoint  = optional(string, "http://localhost:4318")
    layer_arn = optional(string)
  })
  default = null

  validation {
    condition     = var.tracing == null || can(regex("^(https://[A-Za-z0-9.-]+|http://(127\\.0\\.0\\.1|localhost))(:[0-9]{1,5})?(/[A-Za-z0-9_.-]+)*$", var.tracing.endpoint))
    error_message = "tracing.endpoint must be https://HOST or, on the function's own machine, http://localhost:PORT, without a user or a trailing slash."
  }
  validation {
    condition     = try(var.tracing.layer_arn, null) == null || can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+$", var.tracing.layer_arn))
    error_message = "tracing.layer_arn must be the ARN of a layer's version."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept, in days"
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "CloudWatch can keep logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}

################################################################################
# Release and upkeep
################################################################################

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

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,100}$", var.deployment.config)) && (!startswith(var.deployment.config, "CodeDeployDefault.") || can(regex("^CodeDeployDefault\\.Lambda(AllAtOnce|Canary10Percent(5|10|15|30)Minutes|Linear10PercentEvery(1Minute|2Minutes|3Minutes|10Minutes))$", var.deployment.config)))
    error_message = "deployment.config must be one of CodeDeploy's Lambda configurations or the name of your own."
  }
  validation {
    condition     = var.deployment.canary == null || try(var.deployment.canary.percent >= 1 && var.deployment.canary.percent <= 99 && var.deployment.canary.minutes >= 1 && var.deployment.canary.minutes <= 2880, false)
    error_message = "A canary must take 1 to 99 percent for 1 to 2880 minutes."
  }
}

variable "deletion_protection" {
  description = "Whether the ledger is protected from deletion"
  type        = bool
  default     = true
  nullable    = false
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

variable "ops_emails" {
  description = "Addresses that alarms are mailed to; the owner of each must confirm the subscription"
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.ops_emails : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "ops_emails must be mail addresses."
  }
}

variable "alarms" {
  description = "Thresholds: bounces and complaints in percent of a day's mails (if there are at least `minimum_mails`), ages in seconds, unknown outcomes in five minutes"
  type = object({
    bounce_percent    = optional(number, 3)
    complaint_percent = optional(number, 0.08)
    minimum_mails     = optional(number, 100)
    unknown           = optional(number, 1)
    retry_age         = optional(number, 21600)
    feedback_age      = optional(number, 900)
    dead_age          = optional(number, 604800)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.alarms.bounce_percent > 0 && var.alarms.bounce_percent < 10 && var.alarms.complaint_percent > 0 && var.alarms.complaint_percent < 0.5
    error_message = "SES pauses an account at 10 % of bounces or 0.5 % of complaints: the alarms must ring before that."
  }
  validation {
    condition     = alltrue([for value in [var.alarms.minimum_mails, var.alarms.unknown, var.alarms.retry_age, var.alarms.feedback_age] : value >= 1])
    error_message = "minimum_mails, unknown, retry_age and feedback_age must be at least 1."
  }
  validation {
    condition     = var.alarms.dead_age >= 3600 && var.alarms.dead_age <= 604800
    error_message = "An alarm looks back at most seven days: dead_age must be between an hour and seven days."
  }
}
