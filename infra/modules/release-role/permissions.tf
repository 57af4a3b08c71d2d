locals {
  # The names that modules/notifier gives.
  functions          = "arn:${local.partition}:lambda:${local.region}:${local.account}:function"
  codedeploy         = "arn:${local.partition}:codedeploy:${local.region}:${local.account}"
  companions         = ["feedback", "webhook", "mail-events", "events-api"] # the last three exist only if they are configured
  aliased_functions  = [for name in concat(["notify"], local.companions) : "${local.functions}:${var.name}-${name}"]
  released_functions = concat(local.aliased_functions, [for name in ["before", "after"] : "${local.functions}:CodeDeployHook_${var.name}-${name}"])
  alarms             = "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:${var.name}-release-*"

  # Exactly the calls that release/ makes; a test compares them, and docs/releasing.md, too.
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
      # If a release is refused, the hooks are reset to the code of the live version.
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
      # To read why a hook refused, and what each version did with its mails; the lines have no addresses.
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
      # Lambda encrypts a function's settings again when its code is updated; the key may be used only through Lambda.
      # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
      Sid       = "UseTheKeyThroughLambda"
      Effect    = "Allow"
      Action    = ["kms:CreateGrant", "kms:Decrypt", "kms:Encrypt"]
      Resource  = var.key_arn
      Condition = { StringEquals = { "kms:ViaService" = "lambda.${local.region}.amazonaws.com" } }
    },
    {
      # CreateDeployment needs UpdateDeploymentGroup if alarms are passed to it.
      # https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html
      Sid    = "ManageDeployments"
      Effect = "Allow"
      Action = [
        "codedeploy:BatchGetDeployments", "codedeploy:CreateDeployment", "codedeploy:GetDeployment", "codedeploy:GetDeploymentGroup",
        "codedeploy:ListDeployments", "codedeploy:StopDeployment", "codedeploy:UpdateDeploymentGroup",
      ]
      Resource = "${local.codedeploy}:deploymentgroup:${var.name}/${var.name}"
    },
    {
      # A deployment registers its revision, and the content of an AppSpec can be read only from there.
      # https://docs.aws.amazon.com/codedeploy/latest/userguide/auth-and-access-control-permissions-reference.html
      Sid      = "RegisterTheRevision"
      Effect   = "Allow"
      Action   = ["codedeploy:GetApplicationRevision", "codedeploy:RegisterApplicationRevision"]
      Resource = "${local.codedeploy}:application:${var.name}"
    },
    {
      # These two actions support no resource.
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html
      Sid      = "ReadTheTarget"
      Effect   = "Allow"
      Action   = ["codedeploy:BatchGetDeploymentTargets", "codedeploy:ListDeploymentTargets"]
      Resource = "*"
    },
    {
      # CodeDeploy's own configurations and custom ones.
      Sid      = "ReadDeploymentConfigs"
      Effect   = "Allow"
      Action   = "codedeploy:GetDeploymentConfig"
      Resource = "${local.codedeploy}:deploymentconfig:*"
    },
    {
      # For a canary that lasts until enough mails are expected.
      Sid      = "CreateDeploymentConfigs"
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
      # DescribeAlarms cannot be restricted to single alarms, and metrics support no resource.
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
      Sid      = "WatchAlarms"
      Effect   = "Allow"
      Action   = ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricStatistics"]
      Resource = "*"
    },
  ]
}
