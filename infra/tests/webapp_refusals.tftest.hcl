# Every value that the web app refuses.
# A run holds one bad value for each of several variables, and all of them must be refused.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  queues = {
    dead     = "https://sqs.us-east-1.amazonaws.com/000000000000/herald-dead"
    feedback = "https://sqs.us-east-1.amazonaws.com/000000000000/herald-feedback"
    retry    = "https://sqs.us-east-1.amazonaws.com/000000000000/herald-retry"
  }
  notify_function = "herald-notify"
  package         = "tests/packages/empty.zip"
  topic_arn       = "arn:aws:sns:us-east-1:000000000000:herald-events"
  key_arn         = "arn:aws:kms:us-east-1:000000000000:key/the-key"
  ledger          = { name = "herald-ledger", arn = "arn:aws:dynamodb:us-east-1:000000000000:table/herald-ledger" }
  ops_topic_arn   = "arn:aws:sns:us-east-1:000000000000:herald-ops"
  session_key     = "a secret of tests, long enough: 0123456789"
  parameters = {
    address_key = { name = "/herald/address-key", arn = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/address-key" }
    link_key    = { name = "/herald/link-key", arn = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/link-key" }
  }
}

run "first" {
  command = plan

  module {
    source = "./modules/webapp"
  }

  variables {
    # name in capitals
    name = "Herald"

    # package that is not built
    package = "tests/packages/none.zip"

    # topic that is a queue
    topic_arn = "arn:aws:sqs:us-east-1:000000000000:events"

    # key that is an alias
    key_arn = "arn:aws:kms:us-east-1:000000000000:alias/herald"

    # ledger of two tables
    ledger = { name = "herald-ledger", arn = "arn:aws:dynamodb:us-east-1:000000000000:table/other" }

    # ops topic that is none
    ops_topic_arn = "ops"

    # session key too short to keep
    session_key = "short"

    # parameters that are tables
    parameters = { address_key = { name = "a", arn = "arn:aws:dynamodb:us-east-1:000000000000:table/a" }, link_key = { name = "b", arn = "b" } }

    # public url without tls
    public_url = "http://herald.example"

    # throttle of nothing
    throttle = { rate = 0 }

    # limits of a part of a mail
    limits = { mails_per_day = 0.5 }

    # event source without a scheme
    event_source = "webapp"

    # memory too large
    memory = 20480

    # log retention that cloudwatch has not
    log_retention_days = 100

    # a collector beyond this machine without TLS, a layer without its version
    tracing = { endpoint = "http://collector.example:4318", layer_arn = "arn:aws:lambda:us-east-1:901920570463:layer:collector" }

    # outbox alarm before the sweeper
    outbox_age = 60
  }

  expect_failures = [
    var.name,
    var.package,
    var.topic_arn,
    var.key_arn,
    var.ledger,
    var.ops_topic_arn,
    var.session_key,
    var.parameters,
    var.public_url,
    var.throttle,
    var.limits,
    var.event_source,
    var.memory,
    var.log_retention_days,
    var.tracing,
    var.outbox_age,
  ]
}

run "second" {
  command = plan

  module {
    source = "./modules/webapp"
  }

  variables {
    # architecture unknown
    architecture = "arm"

    # public url with a path
    public_url = "https://herald.example/app"

    # burst below the rate
    throttle = { rate = 50, burst = 10 }

    # more in ten minutes than in a day
    limits = { mails_per_ten_minutes = 300 }

    # sign in prefix with a reserved word
    sign_in = { prefix = "my-cognito" }
  }

  expect_failures = [
    var.architecture,
    var.public_url,
    var.throttle,
    var.limits,
    var.sign_in,
  ]
}

run "third" {
  command = plan

  module {
    source = "./modules/webapp"
  }

  variables {
    # sign in endpoint without tls
    sign_in = { endpoint = "http://cognito.example" }
  }

  expect_failures = [
    var.sign_in,
  ]
}

run "fourth" {
  command = plan

  module {
    source = "./modules/webapp"
  }

  variables {
    # sign in host with a reserved word from the name
    name    = "my-cognito"
    sign_in = {}
  }

  expect_failures = [
    var.sign_in,
  ]
}

run "fifth" {
  command = plan

  module {
    source = "./modules/webapp"
  }

  variables {
    # name that ssm refuses
    name = "aws-books"

    # mail of no identity
    mail = { identity_arn = "shop.example", sender = "Shop <books@shop.example>" }
  }

  expect_failures = [
    var.name,
    var.mail,
  ]
}

run "sixth" {
  command = plan

  module {
    source = "./modules/webapp"
  }

  variables {
    # sign in prefix in capitals
    sign_in = { prefix = "Herald" }
  }

  expect_failures = [
    var.sign_in,
  ]
}

run "a_package_for_another_processor" {
  command = plan

  module {
    source = "./modules/webapp"
  }

  variables {
    # package built for another processor
    package = "tests/packages/x86_64.zip"
  }

  expect_failures = [
    var.package,
  ]
}

run "a_certificate_of_another_region" {
  command = plan

  module {
    source = "./modules/webapp"
  }

  variables {
    # certificate of the region that CloudFront asks for
    custom_domain = { name = "books.shop.example", certificate_arn = "arn:aws:acm:eu-west-1:000000000000:certificate/mine" }
  }

  expect_failures = [
    aws_apigatewayv2_domain_name.this,
  ]
}

run "a_host_with_a_path" {
  command = plan

  module {
    source = "./modules/webapp"
  }

  variables {
    # custom domain with a path
    custom_domain = { name = "books.shop.example/app" }
  }

  expect_failures = [
    var.custom_domain,
  ]
}
