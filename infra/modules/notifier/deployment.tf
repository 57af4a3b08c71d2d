locals {
  deployment_config = var.deployment.canary == null ? var.deployment.config : aws_codedeploy_deployment_config.canary[0].deployment_config_name

  deployer_trust = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "codedeploy.amazonaws.com" }
      Action    = "sts:AssumeRole"

      # https://docs.aws.amazon.com/codedeploy/latest/userguide/security_confused_deputy.html
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  }

  deployer_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "MoveTheAlias"
        Effect   = "Allow"
        Action   = ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"]
        Resource = [local.function_arns.notify, "${local.function_arns.notify}:*"]
      },
      {
        Sid      = "InvokeHooks"
        Effect   = "Allow"
        Action   = "lambda:InvokeFunction"
        Resource = [local.function_arns.before, local.function_arns.after]
      },
      {
        # DescribeAlarms cannot be restricted to single alarms.
        Sid      = "WatchAlarms"
        Effect   = "Allow"
        Action   = "cloudwatch:DescribeAlarms"
        Resource = "*"
      },
    ]
  }
}

resource "aws_iam_role" "deployer" {
  name               = "${var.name}-${local.region}-deployer"
  description        = "Permissions of CodeDeploy for ${var.name}"
  assume_role_policy = jsonencode(local.deployer_trust)
}

resource "aws_iam_role_policy" "deployer" {
  name   = "deployer"
  role   = aws_iam_role.deployer.id
  policy = jsonencode(local.deployer_policy)
}

resource "aws_codedeploy_app" "this" {
  name             = var.name
  compute_platform = "Lambda"
}

resource "aws_codedeploy_deployment_config" "canary" {
  count = var.deployment.canary == null ? 0 : 1

  deployment_config_name = "${var.name}-canary-${var.deployment.canary.percent}-percent-${var.deployment.canary.minutes}-minutes"
  compute_platform       = "Lambda"

  traffic_routing_config {
    type = "TimeBasedCanary"

    time_based_canary {
      percentage = var.deployment.canary.percent
      interval   = var.deployment.canary.minutes
    }
  }

  # A configuration in use cannot be deleted: the group first moves to the new one, which has another name.
  # https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeleteDeploymentConfig.html
  lifecycle {
    create_before_destroy = true
  }
}

# The group names neither the hooks, which are in appspec.yml, nor the candidate's own alarms, which the release adds.
resource "aws_codedeploy_deployment_group" "this" {
  app_name               = aws_codedeploy_app.this.name
  deployment_group_name  = var.name
  service_role_arn       = aws_iam_role.deployer.arn
  deployment_config_name = local.deployment_config

  deployment_style {
    deployment_type   = "BLUE_GREEN"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }

  alarm_configuration {
    enabled                   = true
    alarms                    = [for alarm in local.release_alarms : aws_cloudwatch_metric_alarm.this[alarm].alarm_name]
    ignore_poll_alarm_failure = false
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
  }

  depends_on = [aws_iam_role_policy.deployer]
}
