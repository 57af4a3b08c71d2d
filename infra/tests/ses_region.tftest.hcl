# SES in a second region, and what the notifier at home lets it do.
mock_provider "aws" {
  source = "./tests/mocks"

  override_data {
    target = data.aws_region.current
    values = { name = "eu-central-1" }
  }
}

variables {
  identity           = { domain = "herald.example" }
  feedback_queue_arn = "arn:aws:sqs:us-east-1:000000000000:herald-feedback"
}

run "what_sends_there" {
  module {
    source = "./modules/ses-region"
  }

  assert {
    condition     = module.ses.configuration_set == "herald" && module.ses.identity_arn != null
    error_message = "The region has the identity and the configuration set by the names that notify uses."
  }
  assert {
    condition     = toset([for record in output.dns_records : "${record.type} ${record.name}" if record.type != "CNAME"]) == toset(["MX bounce-eu-central-1.herald.example", "TXT bounce-eu-central-1.herald.example"]) && module.ses.dns_records.mail_from_mx.value == "10 feedback-smtp.eu-central-1.amazonses.com"
    error_message = "A MAIL FROM domain has one MX, so each region has a subdomain of its own."
  }
  assert {
    condition     = aws_sns_topic_subscription.feedback.endpoint == var.feedback_queue_arn && aws_sns_topic_subscription.feedback.protocol == "sqs" && aws_sns_topic_subscription.feedback.topic_arn == module.ses.feedback_topic_arn
    error_message = "Feedback arrives in the one queue."
  }
  assert {
    condition     = jsondecode(aws_sns_topic_subscription.feedback.redrive_policy).deadLetterTargetArn == aws_sqs_queue.undelivered.arn
    error_message = "SNS keeps what it cannot bring home in the region of the subscription."
  }
}

run "an_identity_that_exists_is_left_alone" {
  module {
    source = "./modules/ses-region"
  }

  variables {
    identity = { domain = "herald.example", create = false }
  }

  assert {
    condition     = module.ses.identity_arn == null && length(output.dns_records) == 0
    error_message = "create = false makes no identity and no records."
  }
}

run "the_notifier_lets_its_feedback_in" {
  module {
    source = "./modules/notifier"
  }

  variables {
    package            = "tests/packages/empty.zip"
    sender             = "Herald <books@herald.example>"
    address_key        = "a secret of tests, long enough: 0123456789"
    link_key           = "a secret of tests, long enough: 0123456789"
    providers_in_order = ["ses://eu-central-1", "ses://eu-west-1"]
  }

  assert {
    condition     = contains(jsondecode(aws_sqs_queue_policy.this["feedback"].policy).Statement[0].Condition.ArnEquals["aws:SourceArn"], "arn:aws:sns:eu-west-1:000000000000:herald-feedback")
    error_message = "The queue takes what the other region's topic brings."
  }
  assert {
    condition     = strcontains(aws_kms_key.this.policy, "arn:aws:sns:eu-west-1:000000000000:herald-feedback") && !strcontains(aws_sqs_queue_policy.this["dead"].policy, "eu-west-1")
    error_message = "SNS may use the queue's key for that topic, and writes to no other queue."
  }
  assert {
    condition     = jsondecode(aws_lambda_function.this["feedback"].environment[0].variables.HERALD_UNDELIVERED_QUEUES) == { eu-west-1 = "https://sqs.eu-west-1.amazonaws.com/000000000000/herald-feedback-undelivered" } && one([for statement in local.function_policies.feedback : statement.Resource if statement.Sid == "CountUndeliveredFeedback"]) == ["arn:aws:sqs:eu-west-1:000000000000:herald-feedback-undelivered"]
    error_message = "feedback counts what was not delivered, and may do no more with it."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["feedback-undelivered"].metric_name == "UndeliveredFeedback" && aws_cloudwatch_metric_alarm.this["feedback-undelivered"].period == 3600
    error_message = "An alarm at home tells of it."
  }
  assert {
    condition     = strcontains(aws_iam_role_policy.this["notify"].policy, "arn:aws:ses:eu-west-1:000000000000:identity/*") && strcontains(aws_iam_role_policy.this["notify"].policy, "arn:aws:ses:eu-central-1:000000000000:configuration-set/herald")
    error_message = "notify may send in both regions."
  }
}

run "a_queue_is_named_whole" {
  command = plan

  module {
    source = "./modules/ses-region"
  }

  variables {
    name               = "ssm-herald"
    feedback_queue_arn = "herald-feedback"
  }

  expect_failures = [var.name, var.feedback_queue_arn]
}

run "the_second_region_is_another_than_the_first" {
  command = plan

  module {
    source = "./modules/ses-region"
  }

  variables {
    feedback_queue_arn = "arn:aws:sqs:eu-central-1:000000000000:herald-feedback"
  }

  expect_failures = [aws_kms_key.this]
}

run "a_region_to_opt_in_to_is_refused_at_home" {
  command = plan

  module {
    source = "./modules/ses-region"
  }

  variables {
    feedback_queue_arn = "arn:aws:sqs:eu-south-1:000000000000:herald-feedback"
  }

  expect_failures = [aws_kms_key.this]
}

run "a_region_to_opt_in_to_is_refused_as_the_second" {
  command = plan

  module {
    source = "./modules/ses-region"
  }

  override_data {
    target = data.aws_region.current
    values = { name = "ap-northeast-3" }
  }

  expect_failures = [aws_kms_key.this]
}
