locals {
  # One list of statements for each function, as plain data, so that plans show them and tests can read them.
  function_policies = {
    web = concat(local.run_statements["web"], [
      {
        Sid    = "ReadAndWriteBooks"
        Effect = "Allow"
        Action = [
          "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query",
          "dynamodb:UpdateItem",
        ]
        Resource = aws_dynamodb_table.books.arn
      },
      {
        Sid       = "ReadTimeline"
        Effect    = "Allow"
        Action    = "dynamodb:GetItem"
        Resource  = var.ledger.arn
        Condition = local.without_event_bodies
      },
      {
        # In the ledger, only the readers' own choices of mails that they do not want, and not the suppression in the same
        # item. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
        Sid      = "UpdateReaderChoices"
        Effect   = "Allow"
        Action   = "dynamodb:UpdateItem"
        Resource = var.ledger.arn
        Condition = {
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = "address#*", "dynamodb:Attributes" = ["pk", "stopped:*"] }
          StringEqualsIfExists      = { "dynamodb:ReturnValues" = "NONE" }
        }
      },
      {
        # When the owner of an account deletes it: the events are erased, and the hash of the address in their records.
        Sid      = "EraseEvents"
        Effect   = "Allow"
        Action   = "dynamodb:UpdateItem"
        Resource = var.ledger.arn
        Condition = {
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = "event#*", "dynamodb:Attributes" = ["body", "message_id", "pk"] }
          StringEqualsIfExists      = { "dynamodb:ReturnValues" = "NONE" }
        }
      },
      {
        Sid      = "EraseHashes"
        Effect   = "Allow"
        Action   = "dynamodb:UpdateItem"
        Resource = var.ledger.arn
        Condition = {
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = "message#*", "dynamodb:Attributes" = ["address", "pk"] }
          StringEqualsIfExists      = { "dynamodb:ReturnValues" = "NONE" }
        }
      },
      # The rest is for the operators' pages; the app checks the role first.
      {
        Sid       = "ScanLedger"
        Effect    = "Allow"
        Action    = "dynamodb:Scan"
        Resource  = var.ledger.arn
        Condition = local.without_event_bodies
      },
      {
        # IAM does not distinguish removing attributes from setting them.
        Sid      = "RemoveSuppressions"
        Effect   = "Allow"
        Action   = "dynamodb:UpdateItem"
        Resource = var.ledger.arn
        Condition = {
          "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = "address#*", "dynamodb:Attributes" = ["message_id", "pk", "reason", "since"] }
          StringEqualsIfExists      = { "dynamodb:ReturnValues" = "NONE" }
        }
      },
      {
        # In every region that mails are sent from. The action supports no resource.
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html
        Sid      = "RemoveSesSuppressions"
        Effect   = "Allow"
        Action   = "ses:DeleteSuppressedDestination"
        Resource = "*"
      },
      {
        Sid      = "ReadDeadLetters"
        Effect   = "Allow"
        Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"]
        Resource = local.queue_arns["dead"]
      },
      {
        Sid      = "RedriveDeadLetters"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = [local.queue_arns["feedback"], local.queue_arns["retry"]]
      },
      {
        Sid      = "ReadQueueDepths"
        Effect   = "Allow"
        Action   = "sqs:GetQueueAttributes"
        Resource = [local.queue_arns["dead"], local.queue_arns["feedback"], local.queue_arns["retry"]]
      },
      {
        Sid    = "PauseAndResume"
        Effect = "Allow"
        Action = [
          "lambda:DeleteFunctionConcurrency", "lambda:GetFunction", "lambda:GetFunctionConcurrency", "lambda:ListTags",
          "lambda:PutFunctionConcurrency", "lambda:TagResource", "lambda:UntagResource",
        ]
        Resource = local.notify_arn
      },
      {
        Sid       = "UpdateRetryMapping"
        Effect    = "Allow"
        Action    = ["lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"]
        Resource  = "arn:${local.partition}:lambda:${local.region}:${local.account}:event-source-mapping:*"
        Condition = { ArnLike = { "lambda:FunctionArn" = [local.notify_arn, "${local.notify_arn}:*"] } }
      },
      {
        # This action supports no resource.
        Sid      = "ListEventSourceMappings"
        Effect   = "Allow"
        Action   = "lambda:ListEventSourceMappings"
        Resource = "*"
      },
      {
        # These actions of CloudWatch and SES support no resource.
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
        Sid      = "ReadAlarmsMetricsAndQuota"
        Effect   = "Allow"
        Action   = ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricStatistics", "ses:GetAccount"]
        Resource = "*"
      },
      {
        # This index exists only with `scheduling`.
        Sid       = "CountScheduledRecords"
        Effect    = "Allow"
        Action    = "dynamodb:Query"
        Resource  = "${var.ledger.arn}/index/due"
        Condition = { StringEquals = { "dynamodb:Select" = "COUNT" } }
      },
      {
        Sid      = "ReadTheLastRefusal"
        Effect   = "Allow"
        Action   = "logs:FilterLogEvents"
        Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${var.notify_function}:*"
      },
      {
        Sid      = "ReadLiveVersion"
        Effect   = "Allow"
        Action   = ["lambda:GetAlias", "lambda:GetFunctionConfiguration"]
        Resource = [local.notify_arn, "${local.notify_arn}:*"]
      },
      {
        Sid      = "ReadDeployments"
        Effect   = "Allow"
        Action   = "codedeploy:ListDeployments"
        Resource = "arn:${local.partition}:codedeploy:${local.region}:${local.account}:deploymentgroup:${local.notifier}/${local.notifier}"
      },
      {
        Sid      = "ReadTheKeys"
        Effect   = "Allow"
        Action   = "ssm:GetParameters"
        Resource = [var.parameters.address_key.arn, var.parameters.link_key.arn, aws_ssm_parameter.session_key.arn]
      },
    ])

    relay = concat(local.run_statements["relay"], local.publish_statements, [
      {
        Sid      = "ReadTheStream"
        Effect   = "Allow"
        Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
        Resource = "${aws_dynamodb_table.books.arn}/stream/*"
      },
      {
        Sid      = "MarkOutbox"
        Effect   = "Allow"
        Action   = "dynamodb:UpdateItem"
        Resource = aws_dynamodb_table.books.arn
      },
    ])

    sweeper = concat(local.run_statements["sweeper"], local.publish_statements, local.outbox_statements)

    reconcile = concat(local.run_statements["reconcile"], local.publish_statements, local.outbox_statements, [
      {
        Sid       = "ReadLedger"
        Effect    = "Allow"
        Action    = "dynamodb:GetItem"
        Resource  = var.ledger.arn
        Condition = local.without_event_bodies
      },
    ])

    post-confirmation = concat(local.run_statements["post-confirmation"], [
      {
        Sid      = "PutUserWelcomeEvent"
        Effect   = "Allow"
        Action   = "dynamodb:PutItem"
        Resource = aws_dynamodb_table.books.arn
      },
    ])
  }

  # Every attribute that may be read of the ledger, without the events' bodies: they have the recipients of all publishers.
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_dynamodb_attributes.html
  without_event_bodies = {
    "ForAllValues:StringLike" = {
      "dynamodb:Attributes" = [
        "address", "at", "at_risk", "attempts", "cancelled_by", "changes", "due_at", "event_key", "expires_at", "first_at", "held_until", "id",
        "instead_of", "items", "message_id", "never_tried", "owner", "parked", "parted_by", "parts", "pk", "providers", "reason", "reason_code", "scheduled_for", "sent_by", "sent_twice", "since", "source", "state", "stopped:*",
        "subject", "successor", "tenant", "through", "timeline", "trace", "type", "window",
      ]
    }
    StringEqualsIfExists = { "dynamodb:Select" = "SPECIFIC_ATTRIBUTES" }
  }

  queue_arns = { for name, url in var.queues : name => "arn:${local.partition}:sqs:${local.region}:${local.account}:${basename(url)}" }
  notifier   = trimsuffix(var.notify_function, "-notify")
  notify_arn = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${var.notify_function}"

  run_statements = {
    for function, name in local.names : function => [
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.this[function].arn}:*"
      },
      {
        # The audit log is written once and never changed. IAM cannot distinguish a new item from a replaced one: each write
        # has a condition for that, and every entry is in the function's log, too, which nobody here can change.
        Sid       = "DenyAuditChanges"
        Effect    = "Deny"
        Action    = ["dynamodb:DeleteItem", "dynamodb:UpdateItem"]
        Resource  = aws_dynamodb_table.books.arn
        Condition = { "ForAnyValue:StringEquals" = { "dynamodb:LeadingKeys" = "audit" } }
      },
      {
        # X-Ray's actions support no resources.
        Sid      = "WriteTraces"
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = "*"
      },
      {
        Sid      = "UseTheKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = var.key_arn
      },
    ]
  }

  outbox_statements = [
    {
      Sid      = "QueryPendingOutbox"
      Effect   = "Allow"
      Action   = "dynamodb:Query"
      Resource = "${aws_dynamodb_table.books.arn}/index/pending"
    },
    {
      Sid      = "ReadAndMarkOutbox"
      Effect   = "Allow"
      Action   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
      Resource = aws_dynamodb_table.books.arn
    },
  ]

  publish_statements = [
    {
      Sid      = "PublishEvents"
      Effect   = "Allow"
      Action   = "sns:Publish"
      Resource = var.topic_arn
    },
  ]

  function_trust = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"

      # https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  }
}

resource "aws_iam_role" "this" {
  for_each = local.names

  # Roles are global to the account: the region distinguishes two deployments of the same name.
  name               = "${var.name}-${local.region}-${each.key}"
  description        = "Permissions of ${each.value}"
  assume_role_policy = jsonencode(local.function_trust)
}

resource "aws_iam_role_policy" "this" {
  for_each = local.names

  name   = each.key
  role   = aws_iam_role.this[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.function_policies[each.key] })
}

# Separate, because the pool calls a function that depends on the policies above.
resource "aws_iam_role_policy" "delete_accounts" {
  name = "delete-accounts"
  role = aws_iam_role.this["web"].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "DeleteAccounts"
      Effect   = "Allow"
      Action   = "cognito-idp:AdminDeleteUser"
      Resource = aws_cognito_user_pool.this.arn
    }]
  })
}
