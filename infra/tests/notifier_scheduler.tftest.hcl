# Events for later: an index and a function where scheduling is on, and nothing of it elsewhere.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  package     = "tests/packages/empty.zip"
  identity    = { domain = "herald.example" }
  sender      = "Herald <books@herald.example>"
  address_key = "a secret of tests, long enough: 0123456789"
  link_key    = "a secret of tests, long enough: 0123456789"
}

run "without_it_nothing_is_made" {
  module {
    source = "./modules/notifier"
  }

  assert {
    condition     = length(aws_lambda_function.scheduler) + length(aws_cloudwatch_event_rule.scheduler) + length(aws_cloudwatch_event_target.scheduler) + length(aws_lambda_permission.scheduler) + length(aws_lambda_function_event_invoke_config.scheduler) == 0
    error_message = "A deployment that keeps nothing for later has no scheduler."
  }
  assert {
    condition     = length(aws_dynamodb_table.ledger.global_secondary_index) == 0 && length(aws_dynamodb_table.ledger.attribute) == 1
    error_message = "A deployment that keeps nothing for later has no index."
  }
  assert {
    condition     = !contains(keys(aws_iam_role.this), "scheduler") && !contains(keys(aws_cloudwatch_log_group.this), "scheduler") && !contains(keys(aws_cloudwatch_metric_alarm.this), "scheduler-errors") && !contains(keys(aws_cloudwatch_metric_alarm.this), "due-age")
    error_message = "A deployment that keeps nothing for later has no role, no log and no alarm for it."
  }
  assert {
    condition     = !contains(keys(aws_lambda_function.this["notify"].environment[0].variables), "HERALD_SCHEDULING")
    error_message = "notify is told nothing of it."
  }
}

run "with_it_what_is_due_comes_into_the_retry_queue" {
  module {
    source = "./modules/notifier"
  }

  variables {
    scheduling = true
  }

  assert {
    condition     = one(aws_dynamodb_table.ledger.global_secondary_index).name == "due" && one(aws_dynamodb_table.ledger.global_secondary_index).hash_key == "due" && one(aws_dynamodb_table.ledger.global_secondary_index).range_key == "due_at" && one(aws_dynamodb_table.ledger.global_secondary_index).projection_type == "KEYS_ONLY"
    error_message = "The index holds the keys of what waits, in the order of its time."
  }
  assert {
    condition     = aws_lambda_function.this["notify"].environment[0].variables.HERALD_SCHEDULING == "on"
    error_message = "notify keeps events for later."
  }
  assert {
    condition     = aws_lambda_function.scheduler[0].handler == "function.scheduler.handler" && aws_cloudwatch_event_rule.scheduler[0].schedule_expression == "rate(1 minute)"
    error_message = "The scheduler looks once a minute."
  }
  assert {
    condition     = [for statement in local.function_policies.scheduler : statement.Action if contains(["QueryDueRecords", "PostponeDueRecords", "SendToRetry"], statement.Sid)] == ["dynamodb:Query", "dynamodb:UpdateItem", "sqs:SendMessage"]
    error_message = "The scheduler reads the index, puts off, and sends to one queue."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["due-age"].treat_missing_data == "missing" && aws_cloudwatch_metric_alarm.this["due-age"].insufficient_data_actions == toset([aws_sns_topic.ops.arn]) && aws_cloudwatch_metric_alarm.this["due-age"].dimensions == tomap({ Service = "herald-scheduler" })
    error_message = "A scheduler that says nothing any more is told, and one that has not run yet is no alarm."
  }
  assert {
    condition     = length(coalesce(aws_cloudwatch_metric_alarm.this["scheduler-errors"].insufficient_data_actions, toset([]))) == 0
    error_message = "An alarm on what seldom happens says nothing where nothing happened."
  }
  assert {
    condition     = aws_lambda_function_event_invoke_config.scheduler[0].maximum_retry_attempts == 0 && aws_lambda_function_event_invoke_config.scheduler[0].maximum_event_age_in_seconds == 60
    error_message = "Runs do not pile up: the next one makes up for a missed one."
  }
}
