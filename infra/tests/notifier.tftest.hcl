# The notifier as an app owner gets it from ten lines: what is made, and how it hangs together.
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

run "one_mail" {
  module {
    source = "./modules/notifier"
  }

  # -- functions ------------------------------------------------------------------------------------------------

  assert {
    condition = { for key, function in aws_lambda_function.this : function.function_name => function.handler } == {
      herald-notify                = "function.notify.handler"
      herald-feedback              = "function.feedback.handler"
      CodeDeployHook_herald-before = "function.hooks.before"
      CodeDeployHook_herald-after  = "function.hooks.after"
    }
    error_message = "Functions or handlers are not those of the package."
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.runtime == "python3.13" && one(function.architectures) == "arm64" && function.logging_config[0].log_format == "JSON" && function.tracing_config[0].mode == "PassThrough"])
    error_message = "Every function runs Python 3.13 on arm64, logs JSON and begins no traces of its own."
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.this : function.reserved_concurrent_executions == -1])
    error_message = "Nothing is reserved unless somebody says so: a new account has 10 executions and cannot."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.retry.scaling_config[0].maximum_concurrency == 3 && aws_lambda_event_source_mapping.retry.batch_size == 1
    error_message = "The retry queue keeps the rate: three quarters of rate × seconds at once, one message each."
  }
  assert {
    condition     = aws_lambda_function.this["notify"].timeout < var.hold_seconds / 2
    error_message = "notify must end before half of its hold is over."
  }
  assert {
    condition     = aws_lambda_function.this["notify"].publish && aws_lambda_function.this["feedback"].publish && !aws_lambda_function.this["before"].publish
    error_message = "Functions behind an alias publish a first version; hooks have no alias."
  }
  assert {
    condition = toset(keys(aws_lambda_function.this["notify"].environment[0].variables)) == toset([
      "HERALD_ADDRESS_KEY_PARAMETER", "HERALD_CONFIGURATION_SET", "HERALD_DEAD_QUEUE_URL", "HERALD_FROM", "HERALD_HOLD_SECONDS",
      "HERALD_LEDGER_TABLE", "HERALD_LINK_KEY_PARAMETER", "HERALD_PROVIDERS", "HERALD_RETENTION_DAYS", "HERALD_RETRY_QUEUE_URL", "HERALD_RETRY_RECEIVES", "HERALD_TIMEOUT_SECONDS",
    ])
    error_message = "notify's settings are not those that function/settings.py reads."
  }
  assert {
    condition     = aws_lambda_function.this["notify"].environment[0].variables.HERALD_PROVIDERS == "ses://us-east-1"
    error_message = "Without a list of providers, SES in the own region sends."
  }
  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.retention_in_days == 365 && group.kms_key_id == aws_kms_key.this.arn])
    error_message = "Every log group is encrypted and has a retention."
  }
  assert {
    condition     = alltrue([for key, group in aws_cloudwatch_log_group.this : group.name == "/aws/lambda/${aws_lambda_function.this[key].function_name}" && aws_lambda_function.this[key].logging_config[0].log_group == group.name])
    error_message = "Every function logs to the log group that was made for it."
  }

  # -- from the topic to the mail -----------------------------------------------------------------------------------

  assert {
    condition     = aws_sns_topic_subscription.events.endpoint == aws_lambda_alias.this["notify"].arn && endswith(aws_sns_topic_subscription.events.endpoint, ":live")
    error_message = "SNS invokes the alias, or canaries decide nothing."
  }
  assert {
    condition     = aws_sns_topic_subscription.events.filter_policy == null
    error_message = "The own topic has no filter: unknown types are rejected where people see it."
  }
  assert {
    condition     = jsondecode(aws_sns_topic_subscription.events.redrive_policy).deadLetterTargetArn == aws_sqs_queue.this["retry"].arn
    error_message = "What SNS cannot deliver goes to retry."
  }
  assert {
    condition     = aws_lambda_permission.events.qualifier == "live" && aws_lambda_permission.events.source_arn == aws_sns_topic.events[0].arn && aws_lambda_permission.events.source_account == null
    error_message = "The permission is for the alias, from this topic; its ARN names the account."
  }
  assert {
    condition     = aws_lambda_function_event_invoke_config.notify.qualifier == "live" && aws_lambda_function_event_invoke_config.notify.destination_config[0].on_failure[0].destination == aws_sqs_queue.this["retry"].arn
    error_message = "The async configuration stands on the alias and ends in retry."
  }
  assert {
    condition     = aws_lambda_function_event_invoke_config.notify.maximum_event_age_in_seconds == 21600 && aws_lambda_function_event_invoke_config.notify.maximum_retry_attempts == 2
    error_message = "Throttled events wait six hours, failed ones are tried three times."
  }

  # -- queues and ledger --------------------------------------------------------------------------------------------

  assert {
    condition     = alltrue([for queue in aws_sqs_queue.this : queue.message_retention_seconds == 14 * 86400 && queue.kms_master_key_id == aws_kms_key.this.arn])
    error_message = "Queues keep messages for 14 days, encrypted by the customer key."
  }
  assert {
    condition     = alltrue([for name in ["retry", "feedback"] : aws_sqs_queue.this[name].visibility_timeout_seconds >= 6 * aws_lambda_function.this["notify"].timeout])
    error_message = "A queue's visibility is six times its reader's timeout."
  }
  assert {
    condition     = alltrue([for policy in aws_sqs_queue_redrive_policy.this : jsondecode(policy.redrive_policy).deadLetterTargetArn == aws_sqs_queue.this["dead"].arn])
    error_message = "Nothing is dropped: retry and feedback end in dead."
  }
  assert {
    condition     = tostring(jsondecode(aws_sqs_queue_redrive_policy.this["retry"].redrive_policy).maxReceiveCount - 1) == aws_lambda_function.this["notify"].environment[0].variables.HERALD_RETRY_RECEIVES
    error_message = "notify must know which receive is the last, to write the letter itself."
  }
  assert {
    condition     = toset(jsondecode(aws_sqs_queue_redrive_allow_policy.dead.redrive_allow_policy).sourceQueueArns) == toset([aws_sqs_queue.this["retry"].arn, aws_sqs_queue.this["feedback"].arn])
    error_message = "Only retry and feedback use dead as their dead letter queue."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.feedback.function_name == aws_lambda_alias.this["feedback"].arn && aws_lambda_event_source_mapping.feedback.function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "Feedback is read through its alias, with partial failures."
  }
  assert {
    condition     = aws_dynamodb_table.ledger.billing_mode == "PAY_PER_REQUEST" && aws_dynamodb_table.ledger.hash_key == "pk" && aws_dynamodb_table.ledger.ttl[0].attribute_name == "expires_at"
    error_message = "The ledger is on demand, keyed by pk, and expires."
  }
  assert {
    condition     = aws_dynamodb_table.ledger.point_in_time_recovery[0].enabled && aws_dynamodb_table.ledger.deletion_protection_enabled && aws_dynamodb_table.ledger.server_side_encryption[0].kms_key_arn == aws_kms_key.this.arn
    error_message = "The ledger can be restored, cannot be deleted by mistake, and is encrypted by the customer key."
  }

  # -- SES --------------------------------------------------------------------------------------------------------------

  assert {
    condition     = toset([for record in output.dns_records : "${record.type} ${record.name}"]) == toset(["CNAME one._domainkey.herald.example", "CNAME two._domainkey.herald.example", "CNAME three._domainkey.herald.example", "TXT _dmarc.herald.example", "MX bounce.herald.example", "TXT bounce.herald.example"])
    error_message = "Without a zone, the owner is told which records to create: ${jsonencode(output.dns_records)}"
  }

  # -- secret ---------------------------------------------------------------------------------------------------------

  assert {
    condition     = aws_ssm_parameter.link_key.type == "SecureString" && aws_ssm_parameter.link_key.key_id == aws_kms_key.this.arn && aws_ssm_parameter.link_key.value_wo == null
    error_message = "The link key is encrypted by the customer key, and its value is in no state."
  }
  assert {
    condition     = aws_ssm_parameter.address_key.type == "SecureString" && aws_ssm_parameter.address_key.key_id == aws_kms_key.this.arn && aws_ssm_parameter.address_key.value_wo == null
    error_message = "The address key is encrypted by the customer key, and its value is in no state."
  }
}
