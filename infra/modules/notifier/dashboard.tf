locals {
  # [namespace, metric, dimension, value, …, options] as CloudWatch wants it.
  notify_metric   = { for metric in ["Sent", "Duplicate", "Held", "Released", "Unknown", "Rejected", "Suppressed", "Resent"] : metric => ["Herald", metric, "Service", local.names.notify, { label = metric }] }
  feedback_metric = { for metric in ["Delivered", "Bounced", "Complained", "Delayed", "SoftBounced", "Refused", "Healed", "SentTwice"] : metric => ["Herald", metric, "Service", local.names.feedback, { label = metric }] }

  queue_metric = { for metric in ["ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"] : metric => [
    for queue in ["retry", "feedback", "dead"] : ["AWS/SQS", metric, "QueueName", aws_sqs_queue.this[queue].name, { label = queue }]
  ] }

  alias_errors    = [for function, alias in local.on_alias : ["AWS/Lambda", "Errors", "FunctionName", alias.FunctionName, "Resource", alias.Resource, { label = "${function} errors" }]]
  alias_throttles = ["AWS/Lambda", "Throttles", "FunctionName", local.on_alias.notify.FunctionName, "Resource", local.on_alias.notify.Resource, { label = "notify throttles" }]
  durations = [for percentile in ["p50", "p99"] :
    ["AWS/Lambda", "Duration", "FunctionName", local.on_alias.notify.FunctionName, "Resource", local.on_alias.notify.Resource, { label = percentile, stat = percentile }]
  ]

  # Left to right, top to bottom: does mail go out, what became of it, is anything waiting, does it run.
  graphs = [
    { title = "Mails", stat = "Sum", metrics = [for metric in ["Sent", "Duplicate", "Suppressed"] : local.notify_metric[metric]] },
    { title = "Not sent, or not known to be", stat = "Sum", metrics = [for metric in ["Held", "Released", "Unknown", "Resent", "Rejected"] : local.notify_metric[metric]] },
    { title = "What became of them", stat = "Sum", metrics = values(local.feedback_metric) },
    { title = "Reputation with SES", stat = "Average", metrics = [["AWS/SES", "Reputation.BounceRate"], ["AWS/SES", "Reputation.ComplaintRate"]] },
    { title = "Waiting", stat = "Maximum", metrics = local.queue_metric.ApproximateNumberOfMessagesVisible },
    { title = "Oldest waiting, in seconds", stat = "Maximum", metrics = local.queue_metric.ApproximateAgeOfOldestMessage },
    { title = "Errors and throttles behind the alias", stat = "Sum", metrics = concat(local.alias_errors, [local.alias_throttles]) },
    { title = "Duration of a delivery, in milliseconds", stat = "p50", metrics = local.durations },
  ]

  dashboard = {
    widgets = concat(
      [{
        type   = "alarm"
        width  = 24
        height = 3
        properties = {
          title  = "Alarms"
          alarms = concat(values(aws_cloudwatch_metric_alarm.this)[*].arn, values(aws_cloudwatch_metric_alarm.rate)[*].arn)
        }
      }],
      [for graph in local.graphs : {
        type       = "metric"
        width      = 12
        height     = 6
        properties = { title = graph.title, region = local.region, metrics = graph.metrics, stat = graph.stat, period = 300, view = "timeSeries" }
      }],
    )
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  # Dashboards belong to the account, like roles.
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
  dashboard_name = "${var.name}-${local.region}"
  dashboard_body = jsonencode(local.dashboard)
}
