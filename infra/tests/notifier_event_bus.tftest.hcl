# Events from an EventBridge bus: a rule, and what it cannot hand on, where it is wanted; nothing of it elsewhere.
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

run "unless_it_is_wanted_nothing_of_it_is_there" {
  module {
    source = "./modules/notifier"
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.bus) + length(aws_cloudwatch_event_target.bus) + length(aws_sqs_queue.bus) + length(aws_sqs_queue_policy.bus) == 0 && !contains(keys(aws_cloudwatch_metric_alarm.this), "bus-undelivered")
    error_message = "No rule, no target, no queue and no alarm."
  }
  assert {
    condition     = !strcontains(jsonencode(local.topic_policy), "events.amazonaws.com") && !strcontains(jsonencode(local.key_policy), "events.amazonaws.com") && keys(one([for statement in local.topic_policy.Statement : statement.Condition.ArnNotEquals if statement.Sid == "DenyOtherPublishers"])) == ["aws:PrincipalArn"]
    error_message = "EventBridge may use neither the topic nor the key."
  }
}

run "a_rule_hands_the_detail_to_the_topic_and_keeps_what_it_could_not" {
  module {
    source = "./modules/notifier"
  }

  variables {
    event_bus = { name = "orders", pattern = "{\"source\": [\"com.example.shop\"], \"detail\": {\"specversion\": [\"1.0\"]}}" }
  }

  assert {
    condition     = aws_cloudwatch_event_rule.bus[0].event_bus_name == "orders" && jsondecode(aws_cloudwatch_event_rule.bus[0].event_pattern).source == ["com.example.shop"]
    error_message = "The rule stands on the bus that was named, with the pattern that was given."
  }
  assert {
    condition     = aws_cloudwatch_event_target.bus[0].arn == "arn:aws:sns:us-east-1:000000000000:herald-events" && aws_cloudwatch_event_target.bus[0].input_path == "$.detail" && length(aws_cloudwatch_event_target.bus[0].input_transformer) == 0 && aws_cloudwatch_event_target.bus[0].event_bus_name == "orders" && aws_cloudwatch_event_target.bus[0].role_arn == null
    error_message = "The detail goes to the topic as it stands; to a topic EventBridge comes without a role."
  }
  assert {
    condition     = aws_cloudwatch_event_target.bus[0].retry_policy[0].maximum_event_age_in_seconds == 86400 && aws_cloudwatch_event_target.bus[0].dead_letter_config[0].arn == "arn:aws:sqs:us-east-1:000000000000:herald-bus-undelivered" && aws_sqs_queue.bus[0].message_retention_seconds == 1209600
    error_message = "What could not be handed on for a day is kept for 14."
  }
  assert {
    condition     = one([for statement in local.topic_policy.Statement : statement if statement.Sid == "PublishFromEventBridge"]) == { Sid = "PublishFromEventBridge", Effect = "Allow", Principal = { Service = "events.amazonaws.com" }, Action = "sns:Publish", Resource = "arn:aws:sns:us-east-1:000000000000:herald-events", Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:events:us-east-1:000000000000:rule/orders/herald-events" } } }
    error_message = "This rule alone may publish in EventBridge's name."
  }
  assert {
    condition     = one([for statement in local.topic_policy.Statement : jsonencode(statement.Condition.ArnNotEquals) if statement.Sid == "DenyOtherPublishers"]) == jsonencode({ "aws:PrincipalArn" = ["arn:aws:iam::000000000000:role/app"], "aws:SourceArn" = ["arn:aws:events:us-east-1:000000000000:rule/orders/herald-events"] })
    error_message = "Denied is who is neither a publisher nor this rule."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue_policy.bus[0].policy).Statement[0].Condition.ArnEquals["aws:SourceArn"] == "arn:aws:events:us-east-1:000000000000:rule/orders/herald-events"
    error_message = "This rule alone fills the queue."
  }
  assert {
    condition     = toset([for statement in local.bus_key_statements : jsonencode(statement.Condition.StringEquals)]) == toset([jsonencode({ "kms:EncryptionContext:aws:sns:topicArn" = "arn:aws:sns:us-east-1:000000000000:herald-events" }), jsonencode({ "kms:EncryptionContext:aws:sqs:arn" = "arn:aws:sqs:us-east-1:000000000000:herald-bus-undelivered" })]) && length([for statement in local.key_policy.Statement : statement if startswith(statement.Sid, "UseKeyForEventBridge")]) == 2
    error_message = "EventBridge may use the key for this topic and this queue."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["bus-undelivered"].dimensions == tomap({ QueueName = "herald-bus-undelivered" })
    error_message = "What could not be handed on rings."
  }
}

run "what_matches_everything_is_refused" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    event_bus = { pattern = "{\"account\": [\"000000000000\"]}" }
  }

  expect_failures = [var.event_bus]
}

run "what_is_no_pattern_is_refused" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    event_bus    = { name = "arn:aws:events:us-east-1:000000000000:event-bus/orders", pattern = "source = shop" }
    publishers   = []
    shared_topic = { arn = "arn:aws:sns:us-east-1:000000000000:shared" }
  }

  expect_failures = [var.event_bus]
}
