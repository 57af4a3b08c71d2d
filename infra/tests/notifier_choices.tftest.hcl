# What an owner can choose: a topic that is shared, an identity that exists, a zone, names, providers.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  package     = "tests/packages/empty.zip"
  identity    = { domain = "herald.example" }
  sender      = "books@herald.example"
  address_key = "a secret of tests, long enough: 0123456789"
  link_key    = "a secret of tests, long enough: 0123456789"
}

run "a_shared_topic_with_a_filter" {
  module {
    source = "./modules/notifier"
  }

  variables {
    shared_topic = { arn = "arn:aws:sns:us-east-1:111111111111:shop", filter = { type = ["book.created"] } }
  }

  assert {
    condition     = length(aws_sns_topic.events) == 0 && length(aws_sns_topic_policy.events) == 0 && output.topic_arn == "arn:aws:sns:us-east-1:111111111111:shop"
    error_message = "A shared topic is read, not made, and its policy is its owner's."
  }
  assert {
    condition     = jsondecode(aws_sns_topic_subscription.events.filter_policy) == { type = ["book.created"] } && aws_sns_topic_subscription.events.filter_policy_scope == "MessageAttributes"
    error_message = "The subscription filters by message attributes."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["filtered-out"].dimensions == tomap({ TopicName = "shop" })
    error_message = "What the filter drops raises an alarm."
  }
  assert {
    condition     = aws_lambda_permission.events.source_arn == output.topic_arn && local.queue_policies.retry.Statement[0].Condition == { ArnEquals = { "aws:SourceArn" = [output.topic_arn] } }
    error_message = "The shared topic is the one that is let in."
  }
  assert {
    condition     = one([for statement in local.key_policy.Statement : statement.Condition.ArnLike["aws:SourceArn"] if statement.Sid == "UseKeyForSns"]) == ["arn:aws:sns:us-east-1:000000000000:herald-feedback", "arn:aws:sns:us-east-1:111111111111:shop"]
    error_message = "The shared topic may write to the encrypted queue."
  }
}

run "an_identity_that_exists" {
  module {
    source = "./modules/notifier"
  }

  variables {
    identity = { domain = "herald.example", create = false }
  }

  assert {
    condition     = module.ses.identity_arn == null && output.identity_arn == "arn:aws:ses:us-east-1:000000000000:identity/herald.example" && length(output.dns_records) == 0
    error_message = "An identity that exists is left alone."
  }
  assert {
    condition     = contains(one([for statement in local.function_policies.notify : statement.Resource if statement.Sid == "SendMail"]), "arn:aws:ses:us-east-1:000000000000:identity/*")
    error_message = "notify may still send with it."
  }
}

run "a_zone_of_route53" {
  module {
    source = "./modules/notifier"
  }

  variables {
    identity = { domain = "herald.example", zone_id = "Z123", dmarc_policy = "reject", dmarc_reports = "dmarc@herald.example" }
  }

  assert {
    condition     = { for key, record in module.ses.dns_records : key => record.type } == { dkim0 = "CNAME", dkim1 = "CNAME", dkim2 = "CNAME", dmarc = "TXT", mail_from_mx = "MX", mail_from_spf = "TXT" }
    error_message = "Route 53 gets three DKIM keys, DMARC, and MX and SPF of the MAIL FROM domain."
  }
  assert {
    condition     = module.ses.dns_records.dmarc.value == "v=DMARC1; p=reject; rua=mailto:dmarc@herald.example" && module.ses.dns_records.mail_from_mx.value == "10 feedback-smtp.us-east-1.amazonses.com" && module.ses.dns_records.mail_from_spf.value == "v=spf1 include:amazonses.com -all"
    error_message = "The records say what SES and the receivers expect."
  }
  assert {
    condition     = length(output.dns_records) == 0
    error_message = "Nothing is left for the owner to create."
  }
}

run "no_mail_from_and_a_dmarc_record_that_exists" {
  module {
    source = "./modules/notifier"
  }

  variables {
    identity = { domain = "herald.example", mail_from = "", dmarc_policy = "existing" }
  }

  assert {
    condition     = toset([for record in output.dns_records : record.type]) == toset(["CNAME"])
    error_message = "Without a MAIL FROM domain there is no MX to create, and a DMARC record that exists is left alone."
  }
}

run "another_name_and_other_settings" {
  module {
    source = "./modules/notifier"
  }

  variables {
    name                = "shop"
    providers_in_order  = ["ses://eu-west-1", "ses://us-east-1"]
    on_unknown          = "hold"
    send_rate           = 1
    seconds_per_send    = 0.1
    ops_emails          = ["ops@herald.example"]
    traced              = true
    package             = "tests/packages/x86_64.zip"
    architecture        = "x86_64"
    reserve_concurrency = true
  }

  assert {
    condition     = aws_lambda_function.this["notify"].environment[0].variables.HERALD_PROVIDERS == "ses://eu-west-1,ses://us-east-1" && aws_lambda_function.this["notify"].environment[0].variables.HERALD_ON_UNKNOWN == "hold"
    error_message = "Providers keep their order, and the policy for unknown outcomes reaches the function."
  }
  assert {
    condition     = toset([for arn in one([for statement in local.function_policies.notify : statement.Resource if statement.Sid == "SendMail"]) : split(":", arn)[3]]) == toset(["eu-west-1", "us-east-1"])
    error_message = "notify may send in every region that it is told to send in."
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.tracing_config[0].mode == "Active"])
    error_message = "Who wants traces gets them of every function."
  }
  assert {
    condition     = aws_lambda_function.this["notify"].reserved_concurrent_executions == 1 + 2
    error_message = "Who reserves gets rate × seconds, and however slow the rate, one invocation more than retry's."
  }
  assert {
    condition     = alltrue([for name in concat([aws_dynamodb_table.ledger.name, aws_sns_topic.events[0].name, aws_codedeploy_app.this.name, module.ses.configuration_set, aws_iam_role.deployer.name], [for queue in aws_sqs_queue.this : queue.name], [for function in aws_lambda_function.this : trimprefix(function.function_name, "CodeDeployHook_")], [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name], [for role in aws_iam_role.this : role.name]) : startswith(name, "shop")])
    error_message = "Every name begins with the prefix, so that two copies live in one account."
  }
  assert {
    condition     = [for subscription in aws_sns_topic_subscription.ops : subscription.endpoint] == ["ops@herald.example"]
    error_message = "Alarms are mailed to whom the owner names."
  }
}

run "a_copy_that_mails_a_list" {
  module {
    source = "./modules/notifier"
  }

  variables {
    delivery_mode = "allowlist"
    allowlist     = ["me@example.com", "@example.org"]
  }

  assert {
    condition     = aws_lambda_function.this["notify"].environment[0].variables.HERALD_DELIVERY_MODE == "allowlist" && aws_lambda_function.this["notify"].environment[0].variables.HERALD_ALLOWLIST == "me@example.com,@example.org,@simulator.amazonses.com"
    error_message = "The list reaches the function, with the simulator that a release's hooks mail."
  }
}

run "a_copy_that_mails_one_address" {
  module {
    source = "./modules/notifier"
  }

  variables {
    delivery_mode = "redirect"
    redirect_to   = "me@example.com"
  }

  assert {
    condition     = aws_lambda_function.this["notify"].environment[0].variables.HERALD_DELIVERY_MODE == "redirect" && aws_lambda_function.this["notify"].environment[0].variables.HERALD_REDIRECT_TO == "me@example.com"
    error_message = "The one address reaches the function."
  }
}

run "mails_that_are_traced" {
  module {
    source = "./modules/notifier"
  }

  variables {
    tracing = { endpoint = "https://collector.example/otlp", layer_arn = "arn:aws:lambda:us-east-1:901920570463:layer:collector:7" }
  }

  assert {
    condition     = [for function in ["notify", "feedback"] : aws_lambda_function.this[function].layers[0]] == [var.tracing.layer_arn, var.tracing.layer_arn] && length([for function in aws_lambda_function.this : function if length(coalesce(function.layers, [])) > 0]) == 2
    error_message = "notify and feedback have the collector's layer, and nobody else."
  }
  assert {
    condition     = local.ledger_settings.HERALD_OTLP_ENDPOINT == "https://collector.example/otlp"
    error_message = "They are told where spans go."
  }
}

run "mails_that_nobody_traces" {
  module {
    source = "./modules/notifier"
  }

  assert {
    condition     = length([for function in aws_lambda_function.this : function if length(coalesce(function.layers, [])) > 0]) == 0 && !contains(keys(local.ledger_settings), "HERALD_OTLP_ENDPOINT")
    error_message = "There is no layer and no setting."
  }
}

run "copies" {
  module {
    source = "./modules/notifier"
  }

  variables {
    roles = { accounting = "books@example.com", archive = "archive@elsewhere.example" }
  }

  assert {
    condition     = jsondecode(local.ledger_settings.HERALD_ROLES) == { accounting = "books@example.com", archive = "archive@elsewhere.example" }
    error_message = "notify and feedback are told the address of each role."
  }
}

run "no_copies" {
  module {
    source = "./modules/notifier"
  }

  assert {
    condition     = !contains(keys(local.ledger_settings), "HERALD_ROLES")
    error_message = "There is no setting."
  }
}

run "copies_by_resend" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    roles              = { accounting = "books@example.com" }
    providers_in_order = ["ses://eu-west-1", "resend://"]
    provider_secrets   = { "resend://" = { key = "arn:aws:ssm:eu-west-1:123456789012:parameter/resend" } }
  }

  expect_failures = [var.roles]
}

run "mails_with_files" {
  module {
    source = "./modules/notifier"
  }

  variables {
    attachment_buckets = ["invoices", "tickets.shop.example"]
  }

  assert {
    condition     = one([for statement in local.function_policies.notify : statement.Resource if statement.Sid == "ReadAttachments"]) == ["arn:aws:s3:::invoices/*", "arn:aws:s3:::tickets.shop.example/*"]
    error_message = "notify reads objects of these buckets and of no other."
  }
  assert {
    condition     = length([for function, statements in local.function_policies : function if function != "notify" && length([for statement in statements : statement if statement.Sid == "ReadAttachments"]) > 0]) == 0
    error_message = "Nobody else reads them."
  }
  assert {
    condition     = local.ledger_settings.HERALD_ATTACHMENT_BUCKETS == "invoices,tickets.shop.example"
    error_message = "notify is told which buckets these are."
  }
  assert {
    condition     = aws_lambda_function.this["notify"].memory_size == 512 && aws_lambda_function.this["feedback"].memory_size == 256
    error_message = "notify has the memory that a mail with 10 MB of files takes."
  }
}

run "mails_without_files" {
  module {
    source = "./modules/notifier"
  }

  assert {
    condition     = !contains(keys(local.ledger_settings), "HERALD_ATTACHMENT_BUCKETS") && length([for statement in local.function_policies.notify : statement if statement.Sid == "ReadAttachments"]) == 0 && aws_lambda_function.this["notify"].memory_size == 256
    error_message = "There is no setting, no right and no more memory."
  }
}
