# The webhook of mail events: nothing of it without a URL, and with one a queue, a function and a place for letters.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  package     = "tests/packages/empty.zip"
  identity    = { domain = "herald.example" }
  sender      = "Herald <books@herald.example>"
  address_key = "a secret of tests, long enough: 0123456789"
  link_key    = "a secret of tests, long enough: 0123456789"
  mail_events = true
}

run "without_a_url_nothing_is_made" {
  module {
    source = "./modules/notifier"
  }

  assert {
    condition     = length(aws_sqs_queue.mail_webhook) + length(aws_sqs_queue.mail_webhook_dead) + length(aws_sqs_queue_policy.mail_webhook) + length(aws_sqs_queue_policy.mail_webhook_dead) + length(aws_sns_topic_subscription.mail_webhook) + length(aws_lambda_function.mail_webhook) + length(aws_lambda_event_source_mapping.mail_webhook) == 0
    error_message = "No queue, no function and no subscription."
  }
  assert {
    condition     = !contains(keys(aws_iam_role.this), "mail-webhook") && !contains(keys(aws_cloudwatch_log_group.this), "mail-webhook") && !anytrue([for alarm in keys(aws_cloudwatch_metric_alarm.this) : startswith(alarm, "mail-webhook")]) && !strcontains(jsonencode(local.key_topics), "mail-events")
    error_message = "No role, no log, no alarm, and no use of the key."
  }
}

run "with_one_every_mail_event_is_queued_posted_and_kept_if_nobody_takes_it" {
  module {
    source = "./modules/notifier"
  }

  variables {
    mail_webhook = { url = "https://hooks.example.com/herald?team=1", secret = "arn:aws:ssm:us-east-1:000000000000:parameter/hook" }
  }

  assert {
    condition     = aws_sns_topic_subscription.mail_webhook[0].raw_message_delivery && aws_sns_topic_subscription.mail_webhook[0].filter_policy == null
    error_message = "What is posted is what was published, all of it."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.mail_webhook[0].redrive_policy).maxReceiveCount == 10 && aws_sqs_queue.mail_webhook[0].visibility_timeout_seconds == 180 && aws_sqs_queue.mail_webhook_dead[0].message_retention_seconds == 1209600
    error_message = "What nobody takes in two days is kept for 14 days."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.mail_webhook[0].batch_size == 1 && aws_lambda_event_source_mapping.mail_webhook[0].function_response_types == toset(["ReportBatchItemFailures"]) && aws_lambda_event_source_mapping.mail_webhook[0].scaling_config[0].maximum_concurrency == 5
    error_message = "One that hangs keeps no other waiting."
  }
  assert {
    condition     = aws_lambda_function.mail_webhook[0].environment[0].variables["HERALD_MAIL_WEBHOOK_URL"] == "https://hooks.example.com/herald?team=1" && aws_lambda_function.mail_webhook[0].environment[0].variables["HERALD_MAIL_WEBHOOK_SECRET"] == "arn:aws:ssm:us-east-1:000000000000:parameter/hook"
    error_message = "The function knows the URL, and of the secret where it is kept."
  }
  assert {
    condition = { for statement in local.function_policies["mail-webhook"] : statement.Sid => statement.Action if !contains(["WriteLogs", "WriteTraces", "UseTheKey"], statement.Sid) } == {
      ReadTheQueue            = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      ReadTheSecret           = "ssm:GetParameter"
      ListEventSourceMappings = "lambda:ListEventSourceMappings"
      DisableWebhookMapping   = "lambda:UpdateEventSourceMapping"
    }
    error_message = "It reads its queue and its secret, and can turn its own reader off."
  }
  assert {
    condition     = [for statement in local.function_policies["mail-webhook"] : statement.Condition if statement.Sid == "DisableWebhookMapping"][0] == { ArnEquals = { "lambda:FunctionArn" = "arn:aws:lambda:us-east-1:000000000000:function:herald-mail-webhook" } }
    error_message = "Its own, and no other."
  }
  assert {
    condition     = contains(local.key_topics, "arn:aws:sns:us-east-1:000000000000:herald-mail-events") && aws_sqs_queue.mail_webhook[0].kms_master_key_id == aws_kms_key.this.arn && aws_sqs_queue.mail_webhook_dead[0].kms_master_key_id == aws_kms_key.this.arn
    error_message = "SNS may use the key that the queues are encrypted with."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["mail-webhook-letters"].dimensions == tomap({ QueueName = "herald-mail-webhook-dead" }) && contains(keys(aws_cloudwatch_metric_alarm.this), "mail-webhook-gone") && contains(keys(aws_cloudwatch_metric_alarm.this), "mail-webhook-failures")
    error_message = "Somebody is told of what nobody took, and of a receiver that is gone."
  }
}

run "plain_http_is_refused" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    mail_webhook = { url = "http://hooks.example.com/", secret = "arn:aws:ssm:us-east-1:000000000000:parameter/hook" }
  }

  expect_failures = [var.mail_webhook]
}

run "a_password_in_the_url_is_refused" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    mail_webhook = { url = "https://ada:secret@hooks.example.com/", secret = "arn:aws:ssm:us-east-1:000000000000:parameter/hook" }
  }

  expect_failures = [var.mail_webhook]
}

run "a_secret_in_place_of_its_arn_is_refused" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    mail_webhook = { url = "https://hooks.example.com/", secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }
  }

  expect_failures = [var.mail_webhook]
}

run "it_needs_the_events_that_it_posts" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    mail_events  = false
    mail_webhook = { url = "https://hooks.example.com/", secret = "arn:aws:ssm:us-east-1:000000000000:parameter/hook" }
  }

  expect_failures = [var.mail_webhook]
}
