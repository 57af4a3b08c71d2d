locals {
  # One list of statements for each function, as plain data, so that plans show them and tests can read them.
  function_policies = merge({
    notify = concat(local.run_statements["notify"], local.ledger_statements, [
      {
        Sid      = "ReadRetries"
        Effect   = "Allow"
        Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        Resource = aws_sqs_queue.this["retry"].arn
      },
      {
        Sid      = "SendToRetryAndDead"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = [aws_sqs_queue.this["retry"].arn, aws_sqs_queue.this["dead"].arn]
      },
      {
        Sid      = "ReadTheLinkKey"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = aws_ssm_parameter.link_key.arn
      },
    ], local.ses_statements, local.ses_tenant_statements, local.secret_statements, local.attachment_statements)

    feedback = concat(local.run_statements["feedback"], local.ledger_statements, [
      {
        Sid      = "ReadFeedback"
        Effect   = "Allow"
        Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
        Resource = aws_sqs_queue.this["feedback"].arn
      },
      {
        Sid      = "CountDeadLetters"
        Effect   = "Allow"
        Action   = "sqs:GetQueueAttributes"
        Resource = aws_sqs_queue.this["dead"].arn
      },
    ], local.next_provider_statements, local.undelivered_statements)

    before = concat(local.run_statements["before"], local.hook_statements)
    after  = concat(local.run_statements["after"], local.hook_statements)
    }, local.webhooks_enabled ? {
    webhook = concat(local.run_statements["webhook"], local.webhook_statements, local.webhook_secret_statements)
    } : {}, local.events_api_enabled ? {
    events-api = concat(local.run_statements["events-api"], local.events_statements)
    } : {}, var.mail_events ? {
    mail-events = concat(local.run_statements["mail-events"], local.mail_events_statements)
    } : {}, local.mail_webhook_enabled ? {
    mail-webhook = concat(local.run_statements["mail-webhook"], local.mail_webhook_statements)
    } : {}, var.scheduling ? {
    scheduler = concat(local.run_statements["scheduler"], local.scheduler_statements)
  } : {})

  # A provider may report that it never tried a mail; if another provider comes after it, feedback lets that one send it.
  next_provider_statements = length(setintersection(keys(local.webhook_keys), slice(local.providers_in_order, 0, length(local.providers_in_order) - 1))) == 0 ? [] : [
    {
      Sid      = "SendToRetry"
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = aws_sqs_queue.this["retry"].arn
    },
  ]

  run_statements = {
    for function, name in local.names : function => [
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.this[function].arn}:*"
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
        Resource = aws_kms_key.this.arn
      },
    ]
  }

  ledger_statements = [
    {
      # A transaction needs the permissions of its operations. Without DeleteItem: the TTL deletes.
      Sid      = "ReadAndWriteRecords"
      Effect   = "Allow"
      Action   = ["dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      Resource = aws_dynamodb_table.ledger.arn
    },
    {
      Sid      = "ReadTheAddressKey"
      Effect   = "Allow"
      Action   = "ssm:GetParameter"
      Resource = aws_ssm_parameter.address_key.arn
    },
  ]

  hook_statements = [
    {
      Sid      = "InvokeCandidate"
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = [for function in concat(["notify"], local.companions) : "${local.function_arns[function]}:*"]
    },
    {
      # For the functions that move with notify and are rolled back with it: CodeDeploy moves only one function.
      Sid      = "MoveCompanionAliases"
      Effect   = "Allow"
      Action   = ["lambda:GetAlias", "lambda:UpdateAlias"]
      Resource = flatten([for function in local.companions : [local.function_arns[function], "${local.function_arns[function]}:*"]])
    },
    {
      Sid      = "ReadTheLedger"
      Effect   = "Allow"
      Action   = "dynamodb:GetItem"
      Resource = aws_dynamodb_table.ledger.arn
    },
    {
      # A hook is passed only the deployment's id.
      Sid      = "ReportHookStatus"
      Effect   = "Allow"
      Action   = ["codedeploy:GetDeployment", "codedeploy:PutLifecycleEventHookExecutionStatus"]
      Resource = local.deployment_group_arn
    },
    {
      # The deployment's target names the version. These two actions support no resource.
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html
      Sid      = "ReadTheTarget"
      Effect   = "Allow"
      Action   = ["codedeploy:BatchGetDeploymentTargets", "codedeploy:ListDeploymentTargets"]
      Resource = "*"
    },
    {
      # For the version in the AppSpec, if the target does not name it.
      Sid      = "ReadTheAppSpec"
      Effect   = "Allow"
      Action   = "codedeploy:GetApplicationRevision"
      Resource = local.application_arn
    },
  ]

  send_resources = flatten([for region in local.sending_regions : concat(
    ["arn:${local.partition}:ses:${region}:${local.account}:identity/*"],
    ["arn:${local.partition}:ses:${region}:${local.account}:configuration-set/${module.ses.configuration_set}"],
    [for set in keys(local.tenant_sets) : "arn:${local.partition}:ses:${region}:${local.account}:configuration-set/${set}"],
  )])

  ses_statements = [for statement in [
    {
      # Every identity, because in the sandbox SES checks the recipient's, too; the condition limits the sender.
      # https://github.com/cloudposse/terraform-aws-ses/issues/40
      # https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html
      Sid    = "SendMail"
      Effect = "Allow"
      # A mail with files is sent as a raw message, which is another permission of the same call.
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonses.html
      Action    = ["ses:SendEmail", "ses:SendRawEmail"]
      Resource  = local.send_resources
      Condition = { StringEquals = { "ses:FromAddress" = distinct(concat([local.sender_address], var.senders, local.plain_addresses)) } }
    }
  ] : statement if length(local.sending_regions) > 0]

  attachment_statements = [for statement in [
    {
      # Without the permission to list, a missing object is refused, too: notify treats both alike.
      Sid      = "ReadAttachments"
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:GetObjectVersion"]
      Resource = [for bucket in var.attachment_buckets : "arn:${local.partition}:s3:::${bucket}/*"]
    }
  ] : statement if length(var.attachment_buckets) > 0]

  secret_statements = [
    for service, action in { ssm = "ssm:GetParameter", secretsmanager = "secretsmanager:GetSecretValue" } : {
      Sid                        = "ReadSecretsOf${title(service)}"
      Effect                     = "Allow"
      Action                     = action
      Resource                   = [for secret in values(var.provider_secrets) : secret.key if split(":", secret.key)[2] == service]
    } if anytrue([for secret in values(var.provider_secrets) : split(":", secret.key)[2] == service])
  ]

  # Built from the names, because policies are created before functions.
  function_arns        = { for function, name in local.names : function => "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${name}" }
  application_arn      = "arn:${local.partition}:codedeploy:${local.region}:${local.account}:application:${var.name}"
  deployment_group_arn = "arn:${local.partition}:codedeploy:${local.region}:${local.account}:deploymentgroup:${var.name}/${var.name}"

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
