locals {
  # [namespace, metric, dimension, value, …, options] in CloudWatch's format; each metric is in docs/metrics.md.
  counts = {
    for service, metrics in {
      notify   = ["Sent", "Held", "Released", "Unknown", "Resent", "Suppressed", "Rejected", "Parked"]
      feedback = ["Delivered", "Delayed", "SoftBounced", "Bounced", "Complained", "Refused", "Healed"]
    } : service => { for metric in metrics : metric => ["Herald", metric, "Service", local.names[service], { label = metric }] }
  }
  waiting_seconds = { for service, label in { notify = "tried again, to be sent", feedback = "tried again, to be written" } :
  service => ["Herald", "WaitingSeconds", "Service", local.names[service], { label = label, stat = "Maximum" }] }
  queue_depths = { for queue in ["retry", "feedback", "dead"] :
  queue => ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", aws_sqs_queue.this[queue].name, { label = queue, stat = "Maximum" }] }
  oldest_message_ages = { for queue in ["retry", "feedback", "dead"] :
  queue => ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", aws_sqs_queue.this[queue].name, { label = "in ${queue}", stat = "Maximum" }] }
  due_age = [for metric in ["DueAgeSeconds"] : ["Herald", metric, "Service", "${var.name}-scheduler", { label = "due, not asked for", stat = "Maximum" }] if var.scheduling]

  alias_errors    = [for function, alias in local.on_alias : ["AWS/Lambda", "Errors", "FunctionName", alias.FunctionName, "Resource", alias.Resource, { label = "${function} errors" }]]
  alias_throttles = ["AWS/Lambda", "Throttles", "FunctionName", local.on_alias.notify.FunctionName, "Resource", local.on_alias.notify.Resource, { label = "notify throttles" }]
  durations = [for percentile in ["p50", "p99"] :
    ["AWS/Lambda", "Duration", "FunctionName", local.on_alias.notify.FunctionName, "Resource", local.on_alias.notify.Resource, { label = percentile, stat = percentile }]
  ]

  # In the order in which somebody on call asks. `lines` are drawn at the threshold of an alarm, or at SES's limit.
  sections = [
    {
      text = "## Does mail go, and does it arrive?\nThe day's quota, who paused and the last refusal in the provider's words: `herald status`"
      graphs = [
        { title = "Mails a second, and what SES allows", stat = "Sum", lines = [{ label = "send_rate", value = var.send_rate }], metrics = [
          [{ expression = "sent / PERIOD(sent)", label = "Sent a second" }],
          concat(slice(local.counts.notify.Sent, 0, 4), [{ id = "sent", visible = false }]),
        ] },
        { title = "Mails that SES accepted, and that arrived", stat = "Sum", lines = [], metrics = [local.counts.notify.Sent, local.counts.feedback.Delivered] },
        { title = "Mails that did not arrive", stat = "Sum", lines = [], metrics = [for metric in ["Bounced", "SoftBounced", "Complained", "Refused", "Delayed"] : local.counts.feedback[metric]] },
      ]
    },
    {
      text = "## What waits, since when, and why?\nWho waits, and what to do about it: `herald why ADDRESS`"
      graphs = [
        { title = "Waiting in the queues", stat = "Maximum", lines = [], metrics = [local.queue_depths.retry, local.queue_depths.feedback] },
        { title = "The oldest mail that waits, in seconds", stat = "Maximum", lines = [{ label = "alarm", value = var.alarms.retry_age }], metrics = concat([local.oldest_message_ages.retry, local.waiting_seconds.notify], local.due_age) },
        { title = "Not sent, or not known to be", stat = "Sum", lines = [], metrics = [for metric in ["Released", "Held", "Unknown", "Resent", "Suppressed"] : local.counts.notify[metric]] },
      ]
    },
    {
      text = "## Does anything wait for a person?\nThe letters by reason: `herald dead`; to send them again: `herald redrive`"
      graphs = [
        { title = "Dead letters", stat = "Maximum", lines = [{ label = "alarm", value = 1 }], metrics = [local.queue_depths.dead] },
        { title = "The oldest dead letter, in seconds", stat = "Maximum", lines = [{ label = "SQS deletes it", value = 1209600 }], metrics = [local.oldest_message_ages.dead] },
        { title = "Rejected, parked, sent twice", stat = "Sum", lines = [], metrics = [
          local.counts.notify.Rejected, local.counts.notify.Parked,
          ["Herald", "SentTwice", "Service", local.names.notify, { label = "SentTwice, seen by notify" }],
          ["Herald", "SentTwice", "Service", local.names.feedback, { label = "SentTwice, seen by feedback" }],
        ] },
      ]
    },
    {
      text = "## Are results reported, are the functions healthy, are the reputation figures good?\nWhat each alarm means: docs/runbook.md"
      graphs = [
        { title = "Feedback that is not written yet, in seconds", stat = "Maximum", lines = [{ label = "alarm", value = var.alarms.feedback_age }], metrics = [local.oldest_message_ages.feedback, local.waiting_seconds.feedback] },
        { title = "Errors and throttles behind the alias", stat = "Sum", lines = [], metrics = concat(local.alias_errors, [local.alias_throttles]) },
        { title = "Duration of a delivery, in milliseconds", stat = "p50", lines = [], metrics = local.durations },
        { title = "Bounces of the account, as SES counts them", stat = "Average", lines = [{ label = "SES reviews the account", value = 0.05 }], metrics = [["AWS/SES", "Reputation.BounceRate", { label = "bounce rate" }]] },
        { title = "Complaints of the account, as SES counts them", stat = "Average", lines = [{ label = "SES reviews the account", value = 0.001 }], metrics = [["AWS/SES", "Reputation.ComplaintRate", { label = "complaint rate" }]] },
        { title = "Repaired by feedback", stat = "Sum", lines = [], metrics = [local.counts.feedback.Healed] },
      ]
    },
  ]

  # The current state in large figures, which answers most questions of somebody on call.
  current_metrics = [
    local.counts.notify.Sent, local.counts.feedback.Delivered, concat(slice(local.queue_depths.retry, 0, 4), [{ label = "Waiting to be sent", stat = "Maximum" }]),
    concat(slice(local.oldest_message_ages.retry, 0, 4), [{ label = "Oldest of them, seconds", stat = "Maximum" }]), concat(slice(local.queue_depths.dead, 0, 4), [{ label = "Dead letters", stat = "Maximum" }]),
    concat(slice(local.oldest_message_ages.feedback, 0, 4), [{ label = "Feedback unread, seconds", stat = "Maximum" }]),
  ]

  dashboard = {
    widgets = concat(
      [
        {
          type   = "alarm"
          width  = 24
          height = 4
          properties = {
            title  = "Alarms"
            sortBy = "stateUpdatedTimestamp"
            alarms = concat(values(aws_cloudwatch_metric_alarm.this)[*].arn, values(aws_cloudwatch_metric_alarm.rate)[*].arn)
          }
        },
        {
          type       = "metric"
          width      = 24
          height     = 4
          properties = { title = "In the last five minutes", region = local.region, metrics = local.current_metrics, stat = "Sum", period = 300, view = "singleValue", sparkline = true }
        },
      ],
      flatten([for section in local.sections : concat(
        [{ type = "text", width = 24, height = 2, properties = { markdown = section.text, background = "transparent" } }],
        [for graph in section.graphs : {
          type   = "metric"
          width  = 8
          height = 6
          properties = merge(
            { title = graph.title, region = local.region, metrics = graph.metrics, stat = graph.stat, period = 300, view = "timeSeries", yAxis = { left = { min = 0 } } },
            { for name, lines in { annotations = { horizontal = graph.lines } } : name => lines if length(graph.lines) > 0 },
          )
        }],
      )]),
    )
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  # Dashboards are global to the account, like roles.
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
  dashboard_name = "${var.name}-${local.region}"
  dashboard_body = jsonencode(local.dashboard)
}
