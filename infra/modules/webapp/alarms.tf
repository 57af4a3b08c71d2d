locals {
  # Every metric in an alarm or on the dashboard is in docs/metrics.md; a test checks it.
  alarms = merge(
    {
      outbox-age = {
        # Not "breaching", which would ring at the first apply: missing data has an action, as for due-age in the notifier.
        description = "An event was committed minutes ago and is not published; without data: the sweeper does not run"
        namespace   = "Herald", metric = "OutboxAgeSeconds", dimensions = { Service = local.names.sweeper }
        statistic   = "Maximum", period = 60, periods = 5, threshold = var.outbox_age, missing = "missing"
      }
      outbox-rejected = {
        description = "An event was given up in the outbox: SNS will never accept it"
        namespace   = "Herald", metric = "OutboxRejected", dimensions = { Service = local.names.relay }
        statistic   = "Sum", period = 300, periods = 1, threshold = 1, missing = "notBreaching"
      }
      republished = {
        description = "Events were missing from the ledger or stuck in it: they are published again, but something lost or stopped them"
        namespace   = "Herald", metric = "Republished", dimensions = { Service = local.names.reconcile }
        statistic   = "Sum", period = 3600, periods = 1, threshold = 1, missing = "notBreaching"
      }
      relay-behind = {
        description = "The relay is minutes behind the table's stream; the sweeper publishes the events meanwhile"
        namespace   = "AWS/Lambda", metric = "IteratorAge", dimensions = { FunctionName = local.names.relay }
        statistic   = "Maximum", period = 60, periods = 5, threshold = 60000, missing = "notBreaching"
      }
      web-5xx = {
        description = "The web app answers with server errors"
        namespace   = "AWS/ApiGateway", metric = "5xx", dimensions = { ApiId = aws_apigatewayv2_api.this.id }
        statistic   = "Sum", period = 300, periods = 1, threshold = 5, missing = "notBreaching"
      }
    },
    { for function, name in local.names : "${function}-errors" => {
      description = "${function} failed unexpectedly"
      namespace   = "AWS/Lambda", metric = "Errors", dimensions = { FunctionName = name }
      statistic   = "Sum", period = 300, periods = 1, threshold = 1, missing = "notBreaching"
    } },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.periods
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = each.value.missing
  alarm_actions       = [var.ops_topic_arn]
  ok_actions          = [var.ops_topic_arn]

  insufficient_data_actions = each.value.missing == "missing" ? [var.ops_topic_arn] : []
}
