# Who may do what in the notifier, read from the policies themselves.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  package            = "tests/packages/empty.zip"
  identity           = { domain = "herald.example" }
  sender             = "Herald <books@herald.example>"
  publishers         = ["arn:aws:iam::000000000000:role/app"]
  providers_in_order = ["ses://us-east-1", "smtp://mail.herald.example:587", "mailgun://mg.herald.example"]
  provider_secrets = {
    "smtp://mail.herald.example:587" = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/smtp" }
    "mailgun://mg.herald.example"    = { key = "arn:aws:secretsmanager:us-east-1:000000000000:secret:herald-mailgun-AbCdEf", webhook = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/mailgun-webhook" }
  }
  address_key = "a secret of tests, long enough: 0123456789"
  link_key    = "a secret of tests, long enough: 0123456789"
}

run "least_privilege" {
  module {
    source = "./modules/notifier"
  }

  # -- every policy -----------------------------------------------------------------------------------------------------

  assert {
    condition     = alltrue([for function, policy in aws_iam_role_policy.this : jsondecode(policy.policy).Statement == jsondecode(jsonencode(local.function_policies[function]))])
    error_message = "What the tests read is what the roles get."
  }
  assert {
    condition     = alltrue(flatten([for statements in local.function_policies : [for statement in statements : contains(["ReadTheTarget", "WriteTraces"], statement.Sid) || !contains(flatten([statement.Resource]), "*")]]))
    error_message = "Only X-Ray, which has no resources, may be allowed on all resources."
  }
  assert {
    condition     = [for statement in local.deployer_policy.Statement : statement.Sid if contains(flatten([statement.Resource]), "*")] == ["WatchAlarms"]
    error_message = "CodeDeploy may only list alarms on all resources."
  }
  assert {
    condition     = alltrue(flatten([for statements in concat(values(local.function_policies), [local.deployer_policy.Statement]) : [for statement in statements : [for action in flatten([statement.Action]) : !strcontains(action, "*")]]]))
    error_message = "Roles name every action; no wildcards."
  }
  assert {
    condition     = alltrue([for trust in concat([for role in aws_iam_role.this : role.assume_role_policy], [aws_iam_role.deployer.assume_role_policy]) : jsondecode(trust).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "000000000000"])
    error_message = "Every service is trusted for this account only."
  }
  assert {
    condition     = alltrue([for key, role in aws_iam_role.this : jsondecode(role.assume_role_policy).Statement[0].Principal.Service == "lambda.amazonaws.com"]) && jsondecode(aws_iam_role.deployer.assume_role_policy).Statement[0].Principal.Service == "codedeploy.amazonaws.com"
    error_message = "Lambda and CodeDeploy are trusted, each with its own roles."
  }

  assert {
    condition     = toset(concat([for role in aws_iam_role.this : role.name], [aws_iam_role.deployer.name])) == toset([for role in ["notify", "feedback", "before", "after", "webhook", "deployer"] : "herald-us-east-1-${role}"]) && aws_cloudwatch_dashboard.this.dashboard_name == "herald-us-east-1"
    error_message = "What belongs to the account, not to the region, has the region in its name: two copies of one name must not meet."
  }

  # -- notify -------------------------------------------------------------------------------------------------------------

  assert {
    condition = toset(flatten([for statement in local.function_policies.notify : [for action in flatten([statement.Action]) : [for resource in flatten([statement.Resource]) : "${action} ${resource}"]]])) == toset([
      "dynamodb:ConditionCheckItem arn:aws:dynamodb:us-east-1:000000000000:table/herald-ledger",
      "dynamodb:GetItem arn:aws:dynamodb:us-east-1:000000000000:table/herald-ledger",
      "dynamodb:PutItem arn:aws:dynamodb:us-east-1:000000000000:table/herald-ledger",
      "dynamodb:UpdateItem arn:aws:dynamodb:us-east-1:000000000000:table/herald-ledger",
      "kms:Decrypt arn:aws:kms:us-east-1:000000000000:key/the-key",
      "kms:GenerateDataKey arn:aws:kms:us-east-1:000000000000:key/the-key",
      "logs:CreateLogStream arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-notify:*",
      "logs:PutLogEvents arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-notify:*",
      "secretsmanager:GetSecretValue arn:aws:secretsmanager:us-east-1:000000000000:secret:herald-mailgun-AbCdEf",
      "ses:SendEmail arn:aws:ses:us-east-1:000000000000:configuration-set/herald",
      "ses:SendEmail arn:aws:ses:us-east-1:000000000000:identity/*",
      "ses:SendRawEmail arn:aws:ses:us-east-1:000000000000:configuration-set/herald",
      "ses:SendRawEmail arn:aws:ses:us-east-1:000000000000:identity/*",
      "sqs:ChangeMessageVisibility arn:aws:sqs:us-east-1:000000000000:herald-retry",
      "sqs:DeleteMessage arn:aws:sqs:us-east-1:000000000000:herald-retry",
      "sqs:GetQueueAttributes arn:aws:sqs:us-east-1:000000000000:herald-retry",
      "sqs:ReceiveMessage arn:aws:sqs:us-east-1:000000000000:herald-retry",
      "sqs:SendMessage arn:aws:sqs:us-east-1:000000000000:herald-dead",
      "sqs:SendMessage arn:aws:sqs:us-east-1:000000000000:herald-retry",
      "ssm:GetParameter arn:aws:ssm:us-east-1:000000000000:parameter/herald/address-key",
      "ssm:GetParameter arn:aws:ssm:us-east-1:000000000000:parameter/herald/link-key",
      "ssm:GetParameter arn:aws:ssm:us-east-1:000000000000:parameter/herald/smtp",
      "xray:PutTelemetryRecords *",
      "xray:PutTraceSegments *",
    ])
    error_message = "notify may do more, or less, than its work."
  }
  assert {
    condition     = one([for statement in local.function_policies.notify : statement.Condition.StringEquals["ses:FromAddress"] if statement.Sid == "SendMail"]) == tolist(["books@herald.example"])
    error_message = "notify sends as the configured address only."
  }

  # -- feedback and hooks ---------------------------------------------------------------------------------------------------

  assert {
    condition     = length([for action in flatten([for statement in local.function_policies.feedback : statement.Action]) : action if startswith(action, "ses:") || action == "sqs:SendMessage" || startswith(action, "sns:") || startswith(action, "lambda:")]) == 0
    error_message = "feedback sends nothing and starts nothing."
  }
  assert {
    condition     = one([for statement in local.function_policies.feedback : statement.Resource if statement.Sid == "ReadFeedback"]) == aws_sqs_queue.this["feedback"].arn
    error_message = "feedback reads its own queue only."
  }
  assert {
    condition = alltrue([for hook in ["before", "after"] : toset(flatten([for statement in local.function_policies[hook] : statement.Action])) == toset([
      "codedeploy:BatchGetDeploymentTargets", "codedeploy:GetApplicationRevision", "codedeploy:GetDeployment",
      "codedeploy:ListDeploymentTargets", "codedeploy:PutLifecycleEventHookExecutionStatus", "dynamodb:GetItem", "kms:Decrypt", "kms:GenerateDataKey", "lambda:GetAlias", "lambda:InvokeFunction",
      "lambda:UpdateAlias", "logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
    ])])
    error_message = "Hooks invoke notify and feedback, move the alias of feedback, read the ledger and say what they think; nothing else."
  }
  assert {
    condition     = one([for statement in local.function_policies.before : statement.Resource if statement.Sid == "InvokeCandidate"]) == [for function in ["notify", "feedback", "webhook"] : "arn:aws:lambda:us-east-1:000000000000:function:herald-${function}:*"]
    error_message = "Hooks invoke versions and aliases of notify, feedback and webhook only."
  }
  assert {
    condition     = one([for statement in local.function_policies.after : statement.Resource if statement.Sid == "MoveCompanionAliases"]) == flatten([for function in ["feedback", "webhook"] : ["arn:aws:lambda:us-east-1:000000000000:function:herald-${function}", "arn:aws:lambda:us-east-1:000000000000:function:herald-${function}:*"]])
    error_message = "Hooks move the aliases of feedback and webhook only: that of notify is CodeDeploy's."
  }
  assert {
    condition     = one([for statement in local.function_policies.before : statement.Resource if statement.Sid == "ReportHookStatus"]) == "arn:aws:codedeploy:us-east-1:000000000000:deploymentgroup:herald/herald"
    error_message = "Hooks judge deployments of this group only."
  }

  # -- webhook ---------------------------------------------------------------------------------------------------------------

  assert {
    condition = toset(flatten([for statement in local.function_policies.webhook : [for action in flatten([statement.Action]) : [for resource in flatten([statement.Resource]) : "${action} ${resource}"]]])) == toset([
      "dynamodb:UpdateItem arn:aws:dynamodb:us-east-1:000000000000:table/herald-ledger",
      "kms:Decrypt arn:aws:kms:us-east-1:000000000000:key/the-key",
      "kms:GenerateDataKey arn:aws:kms:us-east-1:000000000000:key/the-key",
      "logs:CreateLogStream arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-webhook:*",
      "logs:PutLogEvents arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-webhook:*",
      "sqs:SendMessage arn:aws:sqs:us-east-1:000000000000:herald-feedback",
      "ssm:GetParameter arn:aws:ssm:us-east-1:000000000000:parameter/herald/mailgun-webhook",
      "xray:PutTelemetryRecords *",
      "xray:PutTraceSegments *",
    ])
    error_message = "webhook may do more, or less, than its work."
  }
  assert {
    condition     = one([for statement in local.function_policies.webhook : statement.Condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] if statement.Sid == "WriteTokens"]) == ["webhook#*"]
    error_message = "webhook writes no record of any mail."
  }

  # -- CodeDeploy -------------------------------------------------------------------------------------------------------------

  assert {
    condition     = one([for statement in local.deployer_policy.Statement : statement.Resource if statement.Sid == "MoveTheAlias"]) == ["arn:aws:lambda:us-east-1:000000000000:function:herald-notify", "arn:aws:lambda:us-east-1:000000000000:function:herald-notify:*"]
    error_message = "CodeDeploy moves the alias of notify only."
  }
  assert {
    condition     = one([for statement in local.deployer_policy.Statement : statement.Resource if statement.Sid == "InvokeHooks"]) == ["arn:aws:lambda:us-east-1:000000000000:function:CodeDeployHook_herald-before", "arn:aws:lambda:us-east-1:000000000000:function:CodeDeployHook_herald-after"]
    error_message = "CodeDeploy invokes the two hooks only."
  }

  # -- topics and queues ----------------------------------------------------------------------------------------------------

  assert {
    condition = { for statement in jsondecode(aws_sns_topic_policy.events[0].policy).Statement : statement.Sid => statement.Effect } == {
      AllowNamedPublishers = "Allow", DenyOtherPublishers = "Deny", DenyInsecureTransport = "Deny",
    }
    error_message = "The topic allows the publishers, and refuses everybody else and whatever is not TLS."
  }
  assert {
    condition     = one([for statement in local.topic_policy.Statement : statement.Condition.ArnNotEquals["aws:PrincipalArn"] if statement.Sid == "DenyOtherPublishers"]) == tolist(["arn:aws:iam::000000000000:role/app"])
    error_message = "Everybody but the named publishers is refused, whatever their own policies say."
  }
  assert {
    condition     = alltrue([for policy in concat([for each in aws_sqs_queue_policy.this : each.policy], [aws_sns_topic_policy.events[0].policy, aws_sns_topic_policy.ops.policy]) : anytrue([for statement in jsondecode(policy).Statement : statement.Effect == "Deny" && try(statement.Condition.Bool["aws:SecureTransport"], "") == "false"])])
    error_message = "Every topic and queue refuses what does not come by TLS."
  }
  assert {
    condition     = alltrue(flatten([for policy in concat([for each in aws_sqs_queue_policy.this : each.policy], [aws_sns_topic_policy.ops.policy]) : [for statement in jsondecode(policy).Statement : statement.Effect == "Deny" || can(statement.Condition.ArnEquals["aws:SourceArn"]) || can(statement.Condition.ArnLike["aws:SourceArn"])]]))
    error_message = "A service writes to topics and queues for resources of this account only."
  }
  assert {
    condition     = { for queue, policy in local.queue_policies : queue => policy.Statement[0].Condition } == { for queue, topic in { retry = aws_sns_topic.events[0].arn, feedback = module.ses.feedback_topic_arn, dead = module.ses.feedback_topic_arn } : queue => { ArnEquals = { "aws:SourceArn" = [topic] } } }
    error_message = "SNS writes to each queue from the topics that belong to it."
  }

  # -- key ----------------------------------------------------------------------------------------------------------------

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && toset([for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Sid]) == toset(["AllowAccountByIam", "EncryptLogGroups", "UseKeyForCloudwatch", "UseKeyForSes", "UseKeyForSns"])
    error_message = "The key rotates, and is for the account, its logs, and the three services that write to encrypted topics and queues."
  }
  assert {
    condition     = alltrue([for statement in local.key_policy.Statement : statement.Sid == "AllowAccountByIam" || can(statement.Condition)])
    error_message = "No service uses the key without a condition."
  }
  assert {
    condition = { for statement in local.key_policy.Statement : statement.Sid => statement.Condition if startswith(statement.Sid, "Use") } == {
      UseKeyForSns        = { ArnLike = { "aws:SourceArn" = ["arn:aws:sns:us-east-1:000000000000:herald-feedback", "arn:aws:sns:us-east-1:000000000000:herald-events"] } }
      UseKeyForSes        = { StringEquals = { "kms:EncryptionContext:aws:sns:topicArn" = module.ses.feedback_topic_arn } }
      UseKeyForCloudwatch = { StringEquals = { "kms:EncryptionContext:aws:sns:topicArn" = aws_sns_topic.ops.arn } }
    }
    error_message = "SNS uses the key for its own topics, SES and CloudWatch for the topic that each publishes to."
  }
  assert {
    condition     = alltrue([for key in concat([for topic in [aws_sns_topic.events[0], aws_sns_topic.ops] : topic.kms_master_key_id], [for function in aws_lambda_function.this : function.kms_key_arn]) : key == aws_kms_key.this.arn])
    error_message = "Topics and settings are encrypted by the customer key."
  }
}

run "without_publishers_nobody_publishes" {
  module {
    source = "./modules/notifier"
  }

  variables {
    publishers = []
  }

  assert {
    condition     = [for statement in jsondecode(aws_sns_topic_policy.events[0].policy).Statement : statement.Effect] == ["Deny", "Deny"]
    error_message = "With no publisher named, the topic refuses everybody."
  }
}
