# ARNs that tests tell apart.
override_resource {
  target = aws_sqs_queue.this["retry"]
  values = {
    arn = "arn:aws:sqs:us-east-1:000000000000:herald-retry"
    id  = "https://sqs.us-east-1.amazonaws.com/000000000000/herald-retry"
    url = "https://sqs.us-east-1.amazonaws.com/000000000000/herald-retry"
  }
}

override_resource {
  target = aws_sqs_queue.this["feedback"]
  values = {
    arn = "arn:aws:sqs:us-east-1:000000000000:herald-feedback"
    id  = "https://sqs.us-east-1.amazonaws.com/000000000000/herald-feedback"
    url = "https://sqs.us-east-1.amazonaws.com/000000000000/herald-feedback"
  }
}

override_resource {
  target = aws_sqs_queue.this["dead"]
  values = {
    arn = "arn:aws:sqs:us-east-1:000000000000:herald-dead"
    id  = "https://sqs.us-east-1.amazonaws.com/000000000000/herald-dead"
    url = "https://sqs.us-east-1.amazonaws.com/000000000000/herald-dead"
  }
}

override_resource {
  target = aws_sns_topic.events[0]
  values = {
    arn = "arn:aws:sns:us-east-1:000000000000:herald-events"
  }
}

override_resource {
  target = module.ses.aws_sns_topic.feedback
  values = {
    arn = "arn:aws:sns:us-east-1:000000000000:herald-feedback"
  }
}

override_resource {
  target = aws_sns_topic.ops
  values = {
    arn = "arn:aws:sns:us-east-1:000000000000:herald-ops"
  }
}

override_resource {
  target = aws_dynamodb_table.ledger
  values = {
    arn        = "arn:aws:dynamodb:us-east-1:000000000000:table/herald-ledger"
    stream_arn = "arn:aws:dynamodb:us-east-1:000000000000:table/herald-ledger/stream/now"
  }
}

override_resource {
  target = aws_dynamodb_table.books
  values = {
    arn        = "arn:aws:dynamodb:us-east-1:000000000000:table/herald-books"
    stream_arn = "arn:aws:dynamodb:us-east-1:000000000000:table/herald-books/stream/now"
  }
}

override_resource {
  target = aws_ssm_parameter.link_key
  values = {
    arn = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/link-key"
  }
}

override_resource {
  target = aws_ssm_parameter.session_key
  values = {
    arn = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/session-key"
  }
}

override_resource {
  target = aws_ssm_parameter.address_key
  values = {
    arn = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/address-key"
  }
}

override_resource {
  target = module.ses.aws_sesv2_configuration_set.this["herald"]
  values = {
    arn = "arn:aws:ses:us-east-1:000000000000:configuration-set/herald"
  }
}

override_resource {
  target = aws_lambda_alias.this["notify"]
  values = {
    arn = "arn:aws:lambda:us-east-1:000000000000:function:herald-notify:live"
  }
}

override_resource {
  target = aws_lambda_alias.this["feedback"]
  values = {
    arn = "arn:aws:lambda:us-east-1:000000000000:function:herald-feedback:live"
  }
}

override_resource {
  target = aws_lambda_alias.this["webhook"]
  values = {
    arn = "arn:aws:lambda:us-east-1:000000000000:function:herald-webhook:live"
  }
}

override_resource {
  target = aws_lambda_alias.this["events-api"]
  values = {
    arn = "arn:aws:lambda:us-east-1:000000000000:function:herald-events-api:live"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.this["events-api"]
  values = {
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-events-api"
  }
}

override_resource {
  target = aws_iam_role.this["events-api"]
  values = {
    arn = "arn:aws:iam::000000000000:role/herald-events-api"
  }
}

override_resource {
  target = aws_lambda_alias.this["mail-events"]
  values = {
    arn = "arn:aws:lambda:us-east-1:000000000000:function:herald-mail-events:live"
  }
}

override_resource {
  target = aws_sns_topic.mail_events[0]
  values = {
    arn = "arn:aws:sns:us-east-1:000000000000:herald-mail-events"
  }
}

override_resource {
  target = aws_sqs_queue.mail_events[0]
  values = {
    arn = "arn:aws:sqs:us-east-1:000000000000:herald-mail-events-lost"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.this["mail-events"]
  values = {
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-mail-events"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.this["notify"]
  values = {
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-notify"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.this["webhook"]
  values = {
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-webhook"
  }
}

override_resource {
  target = aws_iam_role.this["notify"]
  values = {
    arn = "arn:aws:iam::000000000000:role/herald-notify"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.this["feedback"]
  values = {
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-feedback"
  }
}

override_resource {
  target = aws_iam_role.this["feedback"]
  values = {
    arn = "arn:aws:iam::000000000000:role/herald-feedback"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.this["before"]
  values = {
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/CodeDeployHook_herald-before"
  }
}

override_resource {
  target = aws_iam_role.this["before"]
  values = {
    arn = "arn:aws:iam::000000000000:role/herald-before"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.this["after"]
  values = {
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/CodeDeployHook_herald-after"
  }
}

override_resource {
  target = aws_iam_role.this["after"]
  values = {
    arn = "arn:aws:iam::000000000000:role/herald-after"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.this["web"]
  values = {
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-web"
  }
}

override_resource {
  target = aws_iam_role.this["web"]
  values = {
    arn = "arn:aws:iam::000000000000:role/herald-web"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.this["relay"]
  values = {
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-relay"
  }
}

override_resource {
  target = aws_iam_role.this["relay"]
  values = {
    arn = "arn:aws:iam::000000000000:role/herald-relay"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.this["sweeper"]
  values = {
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-sweeper"
  }
}

override_resource {
  target = aws_iam_role.this["sweeper"]
  values = {
    arn = "arn:aws:iam::000000000000:role/herald-sweeper"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.this["reconcile"]
  values = {
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-reconcile"
  }
}

override_resource {
  target = aws_iam_role.this["reconcile"]
  values = {
    arn = "arn:aws:iam::000000000000:role/herald-reconcile"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.this["post-confirmation"]
  values = {
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/herald-post-confirmation"
  }
}

override_resource {
  target = aws_iam_role.this["post-confirmation"]
  values = {
    arn = "arn:aws:iam::000000000000:role/herald-post-confirmation"
  }
}

override_resource {
  target = aws_cloudwatch_event_rule.bus[0]
  values = {
    arn = "arn:aws:events:us-east-1:000000000000:rule/orders/herald-events"
  }
}

override_resource {
  target = aws_sqs_queue.bus[0]
  values = {
    arn = "arn:aws:sqs:us-east-1:000000000000:herald-bus-undelivered"
  }
}
