locals {
  # Every metric in an alarm or on the dashboard is in docs/metrics.md; a test checks it.
  on_alias = { for function in concat(["notify"], local.companions) : function => {
    FunctionName = local.names[function]
    Resource     = "${local.names[function]}:${local.alias}"
  } }
  of_service = { for service in ["notify", "feedback"] : service => { Service = local.names[service] } }
  of_queue   = { for queue in ["retry", "feedback", "dead"] : queue => { QueueName = aws_sqs_queue.this[queue].name } }
  of_topic   = { TopicName = element(split(":", local.topic_arn), 5) }

  dead_hours = ceil(var.alarms.dead_age / 3600)

  alarms = merge(
    {
      notify-errors = {
        description = "notify failed unexpectedly; a deployment under way is rolled back"
        namespace   = "AWS/Lambda", metric = "Errors", dimensions = local.on_alias.notify
        statistic   = "Sum", period = 60, periods = 1, threshold = 1
      }
      feedback-errors = {
        description = "feedback failed; SES's reports wait in its queue"
        namespace   = "AWS/Lambda", metric = "Errors", dimensions = local.on_alias.feedback
        statistic   = "Sum", period = 300, periods = 1, threshold = 1
      }
      notify-throttles = {
        description = "notify has been throttled for half an hour: more mails arrive than SES's rate lets it send"
        namespace   = "AWS/Lambda", metric = "Throttles", dimensions = local.on_alias.notify
        statistic   = "Sum", period = 300, periods = 6, threshold = 1
      }
      topic-failures = {
        description = "SNS could not deliver an event to notify; it went to the retry queue"
        namespace   = "AWS/SNS", metric = "NumberOfNotificationsFailed", dimensions = local.of_topic
        statistic   = "Sum", period = 300, periods = 1, threshold = 1
      }
      unknown-outcomes = {
        description = "A provider's answer was lost: those mails are held until feedback or the policy decides"
        namespace   = "Herald", metric = "Unknown", dimensions = local.of_service.notify
        statistic   = "Sum", period = 300, periods = 1, threshold = var.alarms.unknown
      }
      # Two alarms for each queue: SQS's age covers messages that nobody reads, but not those that were received three times;
      # notify and feedback report how long those have waited, at least once an hour.
      # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
      retry-waiting = {
        description = "A mail has been retried for hours; after a day it becomes a dead letter"
        namespace   = "Herald", metric = "WaitingSeconds", dimensions = local.of_service.notify
        statistic   = "Maximum", period = 3600, periods = 1, threshold = var.alarms.retry_age
      }
      retry-age = {
        description = "The retry queue is not being read: mails have waited in it for hours"
        namespace   = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", dimensions = local.of_queue.retry
        statistic   = "Maximum", period = 300, periods = 1, threshold = var.alarms.retry_age
      }
      feedback-waiting = {
        description = "Feedback has been retried and cannot be written: timelines are out of date and bounces are not suppressed"
        namespace   = "Herald", metric = "WaitingSeconds", dimensions = local.of_service.feedback
        statistic   = "Maximum", period = 300, periods = 1, threshold = var.alarms.feedback_age
      }
      feedback-age = {
        description = "Feedback is not being read: timelines are out of date and bounces are not suppressed"
        namespace   = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", dimensions = local.of_queue.feedback
        statistic   = "Maximum", period = 300, periods = 1, threshold = var.alarms.feedback_age
      }
      dead-letters = {
        description = "There are dead letters: read the reasons, fix the cause, then redrive"
        namespace   = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = local.of_queue.dead
        statistic   = "Maximum", period = 60, periods = 1, threshold = 1
      }
      dead-age = {
        # A letter can only be this old if every hour since had a letter; data for one hour in twenty may be missing.
        description = "There have been dead letters for days: the oldest may soon be lost, because SQS deletes it after 14 days"
        namespace   = "Herald", metric = "DeadLetters", dimensions = local.of_service.feedback
        statistic   = "Minimum", period = 3600, periods = local.dead_hours, threshold = 1, datapoints = ceil(local.dead_hours * 0.95)
      }
    },
    { for service in ["notify", "feedback"] : "sent-twice-${service}" => {
      description = "A mail was sent once more although the first had been sent, too: its timeline shows both; seen by ${service}"
      namespace   = "Herald", metric = "SentTwice", dimensions = local.of_service[service]
      statistic   = "Sum", period = 300, periods = 1, threshold = 1
    } },
    local.webhooks_enabled ? {
      webhook-errors = {
        description = "webhook failed: providers repeat their reports for hours, but not for days"
        namespace   = "AWS/Lambda", metric = "Errors", dimensions = local.on_alias.webhook
        statistic   = "Sum", period = 300, periods = 1, threshold = 1
      }
    } : {},
    local.events_api_enabled ? {
      events-api-errors = {
        description = "events-api failed: apps that post events are answered 500 and must post them again"
        namespace   = "AWS/Lambda", metric = "Errors", dimensions = local.on_alias["events-api"]
        statistic   = "Sum", period = 300, periods = 1, threshold = 1
      }
    } : {},
    local.mail_events_alarms,
    local.bus_alarms,
    local.mail_webhook_alarms,
    { for name, alarm in {
      scheduler-errors = {
        description = "scheduler failed: what is due waits for its next run"
        namespace   = "AWS/Lambda", metric = "Errors", dimensions = { FunctionName = "${var.name}-scheduler" }
        statistic   = "Sum", period = 300, periods = 1, threshold = 1
      }
      due-age = {
        # Not "breaching": that would ring at the first apply, before the first run. A scheduler that stops leaves no data, for
        # which there is an action, too; a new alarm has no data either, but actions run only when its state changes.
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
        description = "A mail has been due for a quarter of an hour and was not queued; without data: the scheduler does not run"
        namespace   = "Herald", metric = "DueAgeSeconds", dimensions = { Service = "${var.name}-scheduler" }
        statistic   = "Minimum", period = 300, periods = 2, threshold = 900, missing = "missing"
      }
    } : name => alarm if var.scheduling },
    length(local.other_regions) == 0 ? {} : {
      feedback-undelivered = {
        description = "Feedback of another region was not delivered: its bounces and complaints are not on the list"
        namespace   = "Herald", metric = "UndeliveredFeedback", dimensions = local.of_service.feedback
        statistic   = "Maximum", period = 3600, periods = 1, threshold = 1
      }
    },
    length(local.filter) == 0 ? {} : {
      filtered-out = {
        description = "The subscription's filter dropped messages of the shared topic"
        namespace   = "AWS/SNS", metric = "NumberOfNotificationsFilteredOut", dimensions = local.of_topic
        statistic   = "Sum", period = 300, periods = 1, threshold = 1
      }
    },
  )

  # In percent of a day's mails, from a minimum number on: one bounce in ten mails means nothing.
  rates = {
    bounce-rate    = { metric = "Bounced", threshold = var.alarms.bounce_percent, description = "SES pauses an account that bounces too often: see which addresses, and where they came from" }
    complaint-rate = { metric = "Complained", threshold = var.alarms.complaint_percent, description = "Recipients report these mails as spam; mailbox providers block a sender at 0.3 %" }
  }

  # Not specific to a version: CodeDeploy watches these in every deployment, and the release adds those of its candidate.
  release_alarms = concat(["notify-errors", "feedback-errors", "unknown-outcomes"], local.webhooks_enabled ? ["webhook-errors"] : [], local.events_api_enabled ? ["events-api-errors"] : [])
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
  datapoints_to_alarm = lookup(each.value, "datapoints", null)
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = lookup(each.value, "missing", "notBreaching")
  alarm_actions       = [aws_sns_topic.ops.arn]
  ok_actions          = [aws_sns_topic.ops.arn]

  insufficient_data_actions = lookup(each.value, "missing", "") == "missing" ? [aws_sns_topic.ops.arn] : []
}

resource "aws_cloudwatch_metric_alarm" "rate" {
  for_each = local.rates

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  evaluation_periods  = 1
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.ops.arn]
  ok_actions          = [aws_sns_topic.ops.arn]

  metric_query {
    id          = "rate"
    label       = "Percent of the mails sent"
    expression  = "IF(sent >= ${var.alarms.minimum_mails}, 100 * FILL(hit, 0) / sent, 0)"
    return_data = true
  }

  metric_query {
    id = "hit"

    metric {
      namespace   = "Herald"
      metric_name = each.value.metric
      dimensions  = local.of_service.feedback
      stat        = "Sum"
      period      = 86400
    }
  }

  metric_query {
    id = "sent"

    metric {
      namespace   = "Herald"
      metric_name = "Sent"
      dimensions  = local.of_service.notify
      stat        = "Sum"
      period      = 86400
    }
  }
}

################################################################################
# The topic for alarms
################################################################################

locals {
  ops_topic_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "PublishAlarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.ops.arn

        # https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
        Condition = { ArnLike = { "aws:SourceArn" = "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:${var.name}-*" } }
      },
      merge(local.deny_insecure_transport.topic, { Resource = aws_sns_topic.ops.arn }),
    ]
  }
}

resource "aws_sns_topic" "ops" {
  name              = "${var.name}-ops"
  kms_master_key_id = aws_kms_key.this.arn
}

resource "aws_sns_topic_policy" "ops" {
  arn    = aws_sns_topic.ops.arn
  policy = jsonencode(local.ops_topic_policy)
}

resource "aws_sns_topic_subscription" "ops" {
  for_each = toset(var.ops_emails)

  topic_arn = aws_sns_topic.ops.arn
  protocol  = "email"
  endpoint  = each.value
}
