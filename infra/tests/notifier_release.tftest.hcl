# Releases and alarms of the notifier.
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

run "canary_by_default" {
  module {
    source = "./modules/notifier"
  }

  assert {
    condition     = aws_codedeploy_app.this.compute_platform == "Lambda" && aws_codedeploy_deployment_group.this.deployment_config_name == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    error_message = "Releases are canaries unless somebody says otherwise."
  }
  assert {
    condition     = aws_codedeploy_deployment_group.this.deployment_style[0].deployment_type == "BLUE_GREEN" && aws_codedeploy_deployment_group.this.deployment_style[0].deployment_option == "WITH_TRAFFIC_CONTROL"
    error_message = "Lambda deploys blue-green with traffic control."
  }
  assert {
    condition     = aws_codedeploy_deployment_group.this.auto_rollback_configuration[0].events == toset(["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"])
    error_message = "A failure, an alarm and a request each take the release back."
  }
  assert {
    condition     = aws_codedeploy_deployment_group.this.alarm_configuration[0].enabled && !aws_codedeploy_deployment_group.this.alarm_configuration[0].ignore_poll_alarm_failure && aws_codedeploy_deployment_group.this.alarm_configuration[0].alarms == toset(["herald-notify-errors", "herald-feedback-errors", "herald-unknown-outcomes"])
    error_message = "A deployment watches the version-free alarms, and stops if it cannot see them."
  }
  assert {
    condition     = length(aws_codedeploy_deployment_config.canary) == 0
    error_message = "A predefined configuration needs none of its own."
  }

  # -- alarms: that they watch what is written ------------------------------------------------------------------------

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["notify-errors"].dimensions == tomap({ FunctionName = "herald-notify", Resource = "herald-notify:live" })
    error_message = "Errors are watched on the alias."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["unknown-outcomes"].dimensions == tomap({ Service = "herald-notify" })
    error_message = "Herald's own metrics have one dimension, the function's name."
  }
  assert {
    condition     = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => alarm.dimensions.QueueName if alarm.namespace == "AWS/SQS" } == { dead-letters = aws_sqs_queue.this["dead"].name, retry-age = aws_sqs_queue.this["retry"].name, feedback-age = aws_sqs_queue.this["feedback"].name }
    error_message = "Queue alarms watch the queues that they are named after."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["dead-age"].evaluation_periods * aws_cloudwatch_metric_alarm.this["dead-age"].period == 7 * 86400 && aws_cloudwatch_metric_alarm.this["dead-age"].datapoints_to_alarm == 160 && aws_cloudwatch_metric_alarm.this["dead-letters"].threshold == 1
    error_message = "One dead letter is enough; after seven days it gets urgent."
  }
  assert {
    condition     = aws_cloudwatch_event_target.dead_letters.arn == aws_lambda_alias.this["feedback"].arn && aws_lambda_permission.dead_letters.qualifier == "live" && aws_lambda_permission.dead_letters.source_account == null
    error_message = "The schedule that counts dead letters may invoke the alias that it is for."
  }
  assert {
    condition     = { for name, alarm in aws_cloudwatch_metric_alarm.rate : name => alarm.threshold } == { bounce-rate = 3, complaint-rate = 0.08 }
    error_message = "Bounces from 3 %, complaints from 0.08 %."
  }
  assert {
    condition     = alltrue([for alarm in merge(aws_cloudwatch_metric_alarm.this, aws_cloudwatch_metric_alarm.rate) : alarm.alarm_actions == toset([aws_sns_topic.ops.arn]) && alarm.treat_missing_data == "notBreaching"])
    error_message = "Every alarm tells the ops topic; here no data means that nothing happened."
  }
  assert {
    condition     = !contains(keys(aws_cloudwatch_metric_alarm.this), "filtered-out")
    error_message = "Without a filter nothing can be filtered out."
  }
  assert {
    condition     = [for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : widget.type if widget.width == 24] == ["alarm", "metric", "text", "text", "text", "text"] && length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[0].properties.alarms) == length(local.alarms) + length(local.rates)
    error_message = "The dashboard begins with every alarm and what is true now; then come four questions."
  }
}

run "a_canary_of_ones_own" {
  module {
    source = "./modules/notifier"
  }

  variables {
    deployment = { canary = { percent = 5, minutes = 15 } }
  }

  assert {
    condition     = aws_codedeploy_deployment_config.canary[0].traffic_routing_config[0].time_based_canary[0].percentage == 5 && aws_codedeploy_deployment_config.canary[0].traffic_routing_config[0].time_based_canary[0].interval == 15
    error_message = "The canary is as it was said."
  }
  assert {
    condition     = aws_codedeploy_deployment_group.this.deployment_config_name == aws_codedeploy_deployment_config.canary[0].deployment_config_name
    error_message = "The group deploys by it."
  }
}
