################################################################################
# Dependencies
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
  description = "Path of webapp.zip, as the package command builds it. A new hash deploys a new web app"
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.package, ".zip") && fileexists(var.package)
    error_message = "There is no package at this path. Build webapp.zip first, then give its path."
  }
  # The package command writes a file beside the zip that names its target; if it describes another zip, it is ignored.
  validation {
    condition     = try([for note in [jsondecode(file("${trimsuffix(var.package, ".zip")}.json"))] : note.architecture if note.target == "cloud" && note.sha256 == filesha256(var.package)][0], var.architecture) == var.architecture
    error_message = "The package was built for a different processor than `architecture`: build it again for this one."
  }
}

variable "topic_arn" {
  description = "Topic that outbox events are published to"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.topic_arn))
    error_message = "topic_arn must be the ARN of a standard SNS topic."
  }
}

variable "key_arn" {
  description = "Key that encrypts table, logs and settings, and that the topic is encrypted with"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.key_arn))
    error_message = "key_arn must be the ARN of a KMS key, not of an alias."
  }
}

variable "ledger" {
  description = "Name and ARN of the notifier's ledger, which the web app may read item by item"
  type = object({
    name = string
    arn  = string
  })
  nullable = false

  validation {
    condition     = endswith(var.ledger.arn, ":table/${var.ledger.name}")
    error_message = "ledger.arn is not the ARN of the table ledger.name."
  }
}

variable "queues" {
  description = "URLs of the notifier's queues, for the operators' pages"
  type = object({
    dead     = string
    feedback = string
    retry    = string
  })
  nullable = false

  validation {
    condition     = alltrue([for url in values(var.queues) : can(regex("^https?://", url))])
    error_message = "queues must be URLs of SQS queues."
  }
}

variable "notify_function" {
  description = "Name of the function that sends, which operators may pause"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.notify_function))
    error_message = "notify_function must be the name of a Lambda function."
  }
}

variable "parameters" {
  description = "Name and ARN of the notifier's parameters: the key of the hash of addresses, and the key of unsubscribe links"
  type = object({
    address_key = object({ name = string, arn = string })
    link_key    = object({ name = string, arn = string })
  })
  nullable = false

  validation {
    condition     = alltrue([for parameter in values(var.parameters) : can(regex("^arn:[a-z-]+:ssm:[a-z0-9-]+:[0-9]{12}:parameter/", parameter.arn))])
    error_message = "parameters must be SSM parameters."
  }
}

variable "session_key" {
  description = "Secret that encrypts the cookies of signed-in people, at least 32 bytes. Used only when the parameter is created, and kept out of plan and state"
  type        = string
  ephemeral   = true
  nullable    = false

  validation {
    condition     = length(var.session_key) >= 32
    error_message = "session_key must have at least 32 bytes."
  }
}

variable "ops_topic_arn" {
  description = "Topic that alarms are sent to"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.ops_topic_arn))
    error_message = "ops_topic_arn must be the ARN of an SNS topic."
  }
}

################################################################################
# Web
################################################################################

variable "public_url" {
  description = "Base of the links in mails. Null: `custom_domain`, or the HTTP API's own address"
  type        = string
  default     = null

  validation {
    condition     = var.public_url == null || can(regex("^(https://([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?|http://(127\\.0\\.0\\.1|localhost))(:[1-9][0-9]{0,4})?$", var.public_url))
    error_message = "public_url must be https://HOST without a user, a path or a trailing slash; a host that is not ASCII in punycode (xn--...)."
  }
  validation {
    condition     = try(tonumber(regex(":([0-9]+)$", var.public_url)[0]) < 65536, true)
    error_message = "The port in public_url must be at most 65535."
  }
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

  validation {
    condition     = var.custom_domain == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.custom_domain.name))
    error_message = "custom_domain.name must be a host name in lower case such as books.example.com, in punycode (xn--...) if it is not ASCII, without scheme, path, port or wildcard."
  }
  validation {
    condition     = var.custom_domain == null || length(try(var.custom_domain.name, "")) <= (try(var.custom_domain.certificate_arn, null) == null ? 64 : 253)
    error_message = "custom_domain.name may have at most 64 characters, the limit of ACM, or 253 with certificate_arn."
  }
  validation {
    condition     = var.custom_domain == null || try(var.custom_domain.certificate_arn, null) == null || can(regex("^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$", var.custom_domain.certificate_arn))
    error_message = "custom_domain.certificate_arn must be the ARN of an ACM certificate."
  }
  validation {
    condition     = var.custom_domain == null || try(var.custom_domain.zone_id, null) == null || can(regex("^[A-Z0-9]{1,32}$", var.custom_domain.zone_id))
    error_message = "custom_domain.zone_id must be the id of a Route 53 zone, without /hostedzone/."
  }
}

variable "throttle" {
  description = "Requests that the HTTP API accepts: `rate` a second, and `burst` at once"
  type = object({
    rate  = optional(number, 50)
    burst = optional(number, 100)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.throttle.rate >= 1 && var.throttle.burst >= var.throttle.rate && var.throttle.burst <= 5000
    error_message = "throttle.rate must be at least 1, throttle.burst at least the rate and at most 5000."
  }
}

variable "limits" {
  description = "Limits for one account, or for one IP address without an account: requests a second in each process of the function, and the mails that an account may cause in ten minutes and in a day"
  type = object({
    requests_per_second   = optional(number, 100)
    mails_per_ten_minutes = optional(number, 50)
    mails_per_day         = optional(number, 200)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for limit in values(var.limits) : limit >= 1 && limit <= 1000000 && floor(limit) == limit])
    error_message = "limits must be whole numbers between 1 and 1000000."
  }
  validation {
    condition     = var.limits.mails_per_ten_minutes <= var.limits.mails_per_day
    error_message = "limits.mails_per_ten_minutes must be at most limits.mails_per_day: more could never be sent."
  }
}

variable "event_source" {
  description = "`source` of the events that the web app publishes; with its id it identifies an event for ever"
  type        = string
  default     = "urn:herald:webapp"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9+.-]*:[!-~]{1,200}$", var.event_source))
    error_message = "event_source must be a URI such as urn:herald:webapp."
  }
}

variable "sign_in" {
  description = "Cognito: `prefix` of the sign-in page's host (null: name and account); `open`: whether people may sign themselves up; `endpoint`: where the web function finds Cognito (null: AWS's own); `password_flow`: whether the client may exchange a password for tokens without the sign-in page; `mfa_required`: whether everybody must have a second factor (else it is optional)"
  type = object({
    prefix        = optional(string)
    open          = optional(bool, true)
    endpoint      = optional(string)
    password_flow = optional(bool, false)
    mfa_required  = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.sign_in.prefix == null || can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.sign_in.prefix))
    error_message = "sign_in.prefix must have 1 to 63 lower-case letters, digits and inner hyphens."
  }
  validation {
    condition     = var.sign_in.prefix == null || !can(regex("aws|amazon|cognito", var.sign_in.prefix))
    error_message = "Cognito does not allow the words aws, amazon and cognito in sign_in.prefix."
  }
  validation {
    condition     = var.sign_in.prefix != null || !can(regex("aws|amazon|cognito", var.name))
    error_message = "Cognito does not allow the words aws, amazon and cognito in the sign-in page's host, which would be name and account: set sign_in.prefix."
  }
  validation {
    condition     = var.sign_in.endpoint == null || can(regex("^(https://[^/?#\\s]+|http://(127\\.0\\.0\\.1|localhost)(:[0-9]+)?)$", var.sign_in.endpoint))
    error_message = "sign_in.endpoint must be https://HOST without a path or a trailing slash."
  }
}

variable "mail" {
  description = "The SES identity in this region and the sender that Cognito sends mails with. Null: Cognito's own mail, about 50 a day"
  type = object({
    identity_arn = string
    sender       = string
  })
  default = null

  validation {
    condition     = var.mail == null || can(regex("^arn:[a-z-]+:ses:[a-z0-9-]+:[0-9]{12}:identity/.+$", var.mail.identity_arn))
    error_message = "mail.identity_arn must be the ARN of an SES identity."
  }
}

################################################################################
# Functions and upkeep
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
  description = "Memory of the web function, in MB"
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.memory >= 128 && var.memory <= 10240
    error_message = "memory must be between 128 and 10240 MB."
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

variable "outbox_age" {
  description = "Seconds that an event may wait in the outbox before the alarm rings"
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.outbox_age >= 120
    error_message = "The sweeper publishes once a minute what is a minute old: outbox_age must be at least 120 seconds."
  }
}

variable "deletion_protection" {
  description = "Whether the table and the user pool are protected from deletion"
  type        = bool
  default     = true
  nullable    = false
}
