# Every value that the notifier refuses.
# A run holds one bad value for each of several variables, and all of them must be refused.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  package     = "tests/packages/empty.zip"
  identity    = { domain = "herald.example" }
  sender      = "Herald <books@herald.example>"
  publishers  = ["arn:aws:iam::000000000000:role/app"]
  address_key = "a secret of tests, long enough: 0123456789"
  link_key    = "a secret of tests, long enough: 0123456789"
}

run "first" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    # name too long
    name = "a-name-that-is-longer-than-24"

    # package that is not built
    package = "tests/packages/none.zip"

    # sender without address
    sender = "Herald"

    # publisher that is no role
    publishers = ["arn:aws:iam::000000000000:user/ada"]

    # provider unknown
    providers_in_order = ["postmark://"]

    # delivery mode unknown
    delivery_mode = "test"

    # send rate of nothing
    send_rate = 0

    # seconds per send of nothing
    seconds_per_send = 0

    # retry concurrency of one
    retry_concurrency = 1

    # hold of two hours
    hold_seconds = 7200

    # retention shorter than retries
    retention_days = 39

    # address key too short
    address_key = "short"

    # link key too short to keep
    link_key = "short"

    # unsubscribe page without tls
    unsubscribe_url = "http://herald.example/unsubscribe"

    # memory too small
    memory = 64

    # feedback batch too large
    feedback_batch = { size = 10000 }

    # log retention that cloudwatch has not
    log_retention_days = 100

    # a collector beyond this machine without TLS, a layer without its version
    tracing = { endpoint = "http://collector.example:4318", layer_arn = "arn:aws:lambda:us-east-1:901920570463:layer:collector" }

    # deployment config misspelt
    deployment = { config = "CodeDeployDefault.LambdaLinear10PercentEvery1Minutes" }

    # key deleted at once
    key_deletion_days = 1

    # ops email that is none
    ops_emails = ["ops"]

    # bounce alarm after the pause
    alarms = { bounce_percent = 10 }
  }

  expect_failures = [
    var.name,
    var.package,
    var.sender,
    var.publishers,
    var.providers_in_order,
    var.delivery_mode,
    var.send_rate,
    var.seconds_per_send,
    var.retry_concurrency,
    var.hold_seconds,
    var.retention_days,
    var.address_key,
    var.link_key,
    var.unsubscribe_url,
    var.memory,
    var.feedback_batch,
    var.log_retention_days,
    var.tracing,
    var.deployment,
    var.key_deletion_days,
    var.ops_emails,
    var.alarms,
  ]
}

run "second" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    # name in capitals
    name = "Herald"

    # redirect to nobody
    delivery_mode = "redirect"

    # package that is no zip
    package = "tests/mocks/names.tfmock.hcl"

    # sender with a line break
    sender = "Herald\r\nBcc: all <books@herald.example>"

    # publisher in any account
    publishers = ["arn:aws:iam::*:role/app"]

    # a provider that gives no reports, with a policy that asks for them, and a secret with a wildcard
    providers_in_order = ["resend://"]
    on_unknown         = "resend"
    provider_secrets   = { "resend://" = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/*" } }

    # retry concurrency of a half
    retry_concurrency = 2.5

    # timeout too long
    timeout      = 901
    hold_seconds = 3600

    # feedback batch that waits for nothing
    feedback_batch = { size = 100, seconds = 0 }

    # deployment config for servers
    deployment = { config = "CodeDeployDefault.OneAtATime" }

    # complaint alarm after the pause
    alarms = { complaint_percent = 0.5 }
  }

  expect_failures = [
    var.name,
    var.package,
    var.sender,
    var.publishers,
    var.on_unknown,
    var.provider_secrets,
    var.delivery_mode,
    var.retry_concurrency,
    var.timeout,
    var.feedback_batch,
    var.deployment,
    var.alarms,
  ]
}

run "third" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    # architecture unknown
    architecture = "arm"

    # name ends with a hyphen
    name = "herald-"

    # allowlist of a name
    delivery_mode = "allowlist"
    allowlist     = ["ada"]

    # sender of another domain
    sender = "Herald <books@elsewhere.example>"

    # shared topic that is none
    publishers   = []
    shared_topic = { arn = "arn:aws:sqs:us-east-1:000000000000:queue" }

    # no secret for a provider that wants one
    providers_in_order = ["ses://us-east-1", "resend://"]

    # timeout of half the hold
    timeout = 450

    # canary of everything
    deployment = { canary = { percent = 100, minutes = 5 } }

    # alarm without a threshold
    alarms = { unknown = 0 }
  }

  expect_failures = [
    var.architecture,
    var.name,
    var.sender,
    var.provider_secrets,
    var.shared_topic,
    var.allowlist,
    var.timeout,
    var.deployment,
    var.alarms,
  ]
}

run "fourth" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    # provider with a comma
    providers_in_order = ["ses://eu-west-1,ses://us-east-1"]

    # publishers of a shared topic
    shared_topic = { arn = "arn:aws:sns:us-east-1:000000000000:shop" }

    # two addresses to redirect to
    delivery_mode = "redirect"
    redirect_to   = "me@example.com, you@example.com"

    # domain with a scheme
    identity = { domain = "https://herald.example" }
    sender   = "x@https://herald.example"

    # canary for three days
    deployment = { canary = { percent = 10, minutes = 4320 } }

    # dead letter alarm after its death
    alarms = { dead_age = 604801 }
  }

  expect_failures = [
    var.providers_in_order,
    var.shared_topic,
    var.redirect_to,
    var.identity,
    var.deployment,
    var.alarms,
  ]
}

run "fifth" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    # name that ssm refuses
    name = "awsome"

    # mail from of two labels
    identity = { domain = "herald.example", mail_from = "a.b" }

    # allowlist that nobody reads
    allowlist = ["me@example.com"]
  }

  expect_failures = [
    var.name,
    var.delivery_mode,
    var.identity,
  ]
}

run "sixth" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    # name that ssm refuses
    name = "ssm"

    # dmarc policy unknown
    identity = { domain = "herald.example", dmarc_policy = "maybe" }

    # redirect without its mode
    redirect_to = "me@example.com"
  }

  expect_failures = [
    var.name,
    var.delivery_mode,
    var.identity,
  ]
}

run "seventh" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    # dmarc reports to two
    identity = { domain = "herald.example", dmarc_reports = "a@b.example; c@d.example" }
  }

  expect_failures = [
    var.identity,
  ]
}

run "a_package_for_another_processor" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    # package built for another processor
    package = "tests/packages/x86_64.zip"
  }

  expect_failures = [
    var.package,
  ]
}

run "a_region_of_china" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-cn" }
  }

  override_data {
    target = data.aws_region.current
    values = { name = "cn-north-1" }
  }

  expect_failures = [aws_kms_key.this]
}
