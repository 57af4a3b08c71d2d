# What becomes of each mail, told from the ledger's stream: all of it where it is wanted, and nothing of it elsewhere.
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

run "unless_it_is_wanted_nothing_of_it_is_there" {
  module {
    source = "./modules/notifier"
  }

  assert {
    condition     = !coalesce(aws_dynamodb_table.ledger.stream_enabled, false) && length(aws_sns_topic.mail_events) + length(aws_sns_topic_policy.mail_events) + length(aws_sqs_queue.mail_events) + length(aws_sqs_queue_policy.mail_events) + length(aws_lambda_event_source_mapping.mail_events) == 0
    error_message = "No stream, no topic, no queue and no mapping."
  }
  assert {
    condition     = alltrue([for made in [keys(aws_lambda_function.this), keys(aws_lambda_alias.this), keys(aws_iam_role.this), keys(aws_cloudwatch_log_group.this)] : !contains(made, "mail-events")]) && !anytrue([for alarm in keys(aws_cloudwatch_metric_alarm.this) : startswith(alarm, "mail-events")]) && output.mail_events_topic_arn == null
    error_message = "No function, and neither a role, a log nor an alarm for one."
  }
}

run "where_it_is_wanted_a_function_reads_the_stream_of_the_ledger" {
  module {
    source = "./modules/notifier"
  }

  variables {
    mail_events = true
  }

  assert {
    condition     = aws_dynamodb_table.ledger.stream_enabled && aws_dynamodb_table.ledger.stream_view_type == "NEW_AND_OLD_IMAGES"
    error_message = "The stream shows a record before and after each change."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.mail_events[0].event_source_arn == "arn:aws:dynamodb:us-east-1:000000000000:table/herald-ledger/stream/now" && aws_lambda_event_source_mapping.mail_events[0].function_name == "arn:aws:lambda:us-east-1:000000000000:function:herald-mail-events:live" && aws_lambda_function.this["mail-events"].publish
    error_message = "The stream leads to the alias, which a release moves together with that of notify."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.mail_events[0].function_response_types == toset(["ReportBatchItemFailures"]) && aws_lambda_event_source_mapping.mail_events[0].bisect_batch_on_function_error && aws_lambda_event_source_mapping.mail_events[0].starting_position == "TRIM_HORIZON"
    error_message = "A batch comes again from what failed on, and nothing before the function was there is passed over."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.mail_events[0].maximum_record_age_in_seconds == 43200 && aws_lambda_event_source_mapping.mail_events[0].destination_config[0].on_failure[0].destination_arn == "arn:aws:sqs:us-east-1:000000000000:herald-mail-events-lost"
    error_message = "What is given up is noted while the stream still has it, for half a day."
  }
  assert {
    condition     = aws_lambda_function.this["mail-events"].environment[0].variables == tomap({ HERALD_MAIL_EVENTS_TOPIC_ARN = "arn:aws:sns:us-east-1:000000000000:herald-mail-events" }) && output.mail_events_topic_arn == "arn:aws:sns:us-east-1:000000000000:herald-mail-events"
    error_message = "The function knows its topic, and no address's key."
  }
  assert {
    condition = toset(flatten([for statement in local.function_policies["mail-events"] : [for action in flatten([statement.Action]) : [for resource in flatten([statement.Resource]) : "${action} ${resource}"]]])) == toset([
      "dynamodb:DescribeStream arn:aws:dynamodb:us-east-1:000000000000:table/herald-ledger/stream/*",
      "dynamodb:GetRecords arn:aws:dynamodb:us-east-1:000000000000:table/herald-ledger/stream/*",
      "dynamodb:GetShardIterator arn:aws:dynamodb:us-east-1:000000000000:table/herald-ledger/stream/*",
      "dynamodb:ListStreams arn:aws:dynamodb:us-east-1:000000000000:table/herald-ledger/stream/*",
      "kms:Decrypt arn:aws:kms:us-east-1:000000000000:key/the-key",
      "kms:GenerateDataKey arn:aws:kms:us-east-1:000000000000:key/the-key",
      "logs:CreateLogStream arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-mail-events:*",
      "logs:PutLogEvents arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-mail-events:*",
      "sns:Publish arn:aws:sns:us-east-1:000000000000:herald-mail-events",
      "sqs:SendMessage arn:aws:sqs:us-east-1:000000000000:herald-mail-events-lost",
      "xray:PutTelemetryRecords *",
      "xray:PutTraceSegments *",
    ])
    error_message = "mail-events may do more, or less, than its work: it reads no table."
  }
  assert {
    condition     = { for statement in jsondecode(aws_sns_topic_policy.mail_events[0].policy).Statement : statement.Sid => statement.Effect } == { DenyOtherPublishers = "Deny", DenyInsecureTransport = "Deny" } && aws_sns_topic.mail_events[0].kms_master_key_id == aws_kms_key.this.arn && aws_sqs_queue.mail_events[0].kms_master_key_id == aws_kms_key.this.arn
    error_message = "Nobody else publishes there, and all of it is encrypted."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["mail-events-behind"].metric_name == "IteratorAge" && aws_cloudwatch_metric_alarm.this["mail-events-behind"].dimensions == tomap({ FunctionName = "herald-mail-events", Resource = "herald-mail-events:live" }) && aws_cloudwatch_metric_alarm.this["mail-events-lost"].dimensions == tomap({ QueueName = "herald-mail-events-lost" })
    error_message = "What is late and what was given up ring."
  }
}
