locals {
  # The names that modules/notifier gives.
  functions          = "arn:${local.partition}:lambda:${local.region}:${local.account}:function"
  codedeploy         = "arn:${local.partition}:codedeploy:${local.region}:${local.account}"
  companions         = ["feedback", "webhook", "mail-events", "events-api"] # the last three only where they are configured
  aliased_functions  = [for name in concat(["notify"], local.companions) : "${local.functions}:${var.name}-${name}"]
  released_functions = concat(local.aliased_functions, [for name in ["before", "after"] : "${local.functions}:CodeDeployHook_${var.name}-${name}"])
  alarms             = "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:${var.name}-release-*"

  # Exactly the calls that release/ makes; a test holds the two together, and docs/releasing.md with them.
  statements = [
    {
      Sid      = "UploadCode"
      Effect   = "Allow"
      Action   = ["lambda:GetFunctionConfiguration", "lambda:UpdateFunctionCode"]
      Resource = concat(local.released_functions, [for arn in local.aliased_functions : "${arn}:*"])
    },
    {
      Sid      = "PublishVersions"
      Effect   = "Allow"
      Action   = ["lambda:GetAlias", "lambda:PublishVersion", "lambda:UpdateAlias"]
      Resource = concat(local.aliased_functions, [for arn in local.aliased_functions : "${arn}:*"])
    },
    {
      Sid      = "ReadNotify"
      Effect   = "Allow"
      Action   = "lambda:GetFunctionConcurrency"
      Resource = "${local.functions}:${var.name}-notify"
    },
    {
      # The hooks get the code of the live version back where a release is refused.
      Sid      = "ReadLiveCode"
      Effect   = "Allow"
      Action   = "lambda:GetFunction"
      Resource = "${local.functions}:${var.name}-notify:*"
    },
    {
      Sid      = "ListVersions"
      Effect   = "Allow"
      Action   = ["lambda:ListAliases", "lambda:ListVersionsByFunction"]
      Resource = local.aliased_functions
    },
    {
      # Only versions: without a qualifier, DeleteFunction would delete the function.
      # https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html
      Sid      = "DeleteOldVersions"
      Effect   = "Allow"
      Action   = "lambda:DeleteFunction"
      Resource = [for arn in local.aliased_functions : "${arn}:*"]
    },
    {
      # Why a hook refused, and what each version did with its mails: lines that hold no address.
      Sid      = "ReadHookAndNotifyLogs"
      Effect   = "Allow"
      Action   = "logs:FilterLogEvents"
      Resource = [for function in ["CodeDeployHook_${var.name}-before", "CodeDeployHook_${var.name}-after", "${var.name}-notify"] : "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${function}:*"]
    },
    {
      Sid      = "InvokeHooks"
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = [for name in ["before", "after"] : "${local.functions}:CodeDeployHook_${var.name}-${name}"]
    },
    {
      # Lambda encrypts a function's settings anew with its code; only Lambda may use the key for it.
      # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
      Sid       = "UseTheKeyThroughLambda"
      Effect    = "Allow"
      Action    = ["kms:CreateGrant", "kms:Decrypt", "kms:Encrypt"]
      Resource  = var.key_arn
      Condition = { StringEquals = { "kms:ViaService" = "lambda.${local.region}.amazonaws.com" } }
    },
    {
      # The group's update is asked for by CreateDeployment, where alarms are handed over with it.
      # https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html
      Sid    = "Deploy"
      Effect = "Allow"
      Action = [
        "codedeploy:BatchGetDeployments", "codedeploy:CreateDeployment", "codedeploy:GetDeployment", "codedeploy:GetDeploymentGroup",
        "codedeploy:ListDeployments", "codedeploy:StopDeployment", "codedeploy:UpdateDeploymentGroup",
      ]
      Resource = "${local.codedeploy}:deploymentgroup:${var.name}/${var.name}"
    },
    {
      # A deployment registers its revision, and the content of an AppSpec is read from there only.
      # https://docs.aws.amazon.com/codedeploy/latest/userguide/auth-and-access-control-permissions-reference.html
      Sid      = "RegisterTheRevision"
      Effect   = "Allow"
      Action   = ["codedeploy:GetApplicationRevision", "codedeploy:RegisterApplicationRevision"]
      Resource = "${local.codedeploy}:application:${var.name}"
    },
    {
      # These two actions know no resource.
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html
      Sid      = "ReadTheTarget"
      Effect   = "Allow"
      Action   = ["codedeploy:BatchGetDeploymentTargets", "codedeploy:ListDeploymentTargets"]
      Resource = "*"
    },
    {
      # CodeDeploy's own configurations and one's own.
      Sid      = "ReadStrategies"
      Effect   = "Allow"
      Action   = "codedeploy:GetDeploymentConfig"
      Resource = "${local.codedeploy}:deploymentconfig:*"
    },
    {
      # For a canary that lasts as long as enough mails take.
      Sid      = "MakeStrategies"
      Effect   = "Allow"
      Action   = "codedeploy:CreateDeploymentConfig"
      Resource = "${local.codedeploy}:deploymentconfig:${var.name}-canary-*"
    },
    {
      Sid      = "PutCandidateAlarms"
      Effect   = "Allow"
      Action   = ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"]
      Resource = local.alarms
    },
    {
      # DescribeAlarms works on the whole list, and metrics have no resource to name.
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
      Sid      = "WatchAlarms"
      Effect   = "Allow"
      Action   = ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricStatistics"]
      Resource = "*"
    },
  ]
}
