locals {
  # One list of statements a function, plain data, so that plans show them and tests read them.
  function_policies = {
    web = concat(local.runs["web"], [
      {
        Sid      = "KeepBooks"
        Effect   = "Allow"
        Action   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]
        Resource = aws_dynamodb_table.books.arn
      },
      {
        Sid      = "ReadTheTimeline"
        Effect   = "Allow"
        Action   = "dynamodb:GetItem"
        Resource = var.ledger.arn
      },
      {
        # Of the ledger, only what readers themselves decide: which mails they do not want.
        Sid       = "KeepChoices"
        Effect    = "Allow"
        Action    = ["dynamodb:DeleteItem", "dynamodb:PutItem"]
        Resource  = var.ledger.arn
        Condition = { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = "unsubscribed#*" } }
      },
      {
        Sid      = "ReadTheKeys"
        Effect   = "Allow"
        Action   = "ssm:GetParameters"
        Resource = [var.parameters.address_key.arn, var.parameters.link_key.arn, aws_ssm_parameter.session_key.arn]
      },
    ])

    relay = concat(local.runs["relay"], local.publishes, [
      {
        Sid      = "ReadTheStream"
        Effect   = "Allow"
        Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
        Resource = "${aws_dynamodb_table.books.arn}/stream/*"
      },
      {
        Sid      = "MarkOutbox"
        Effect   = "Allow"
        Action   = "dynamodb:UpdateItem"
        Resource = aws_dynamodb_table.books.arn
      },
    ])

    sweeper = concat(local.runs["sweeper"], local.publishes, local.goes_through_the_outbox)

    reconcile = concat(local.runs["reconcile"], local.publishes, local.goes_through_the_outbox, [
      {
        Sid      = "AskTheLedger"
        Effect   = "Allow"
        Action   = "dynamodb:GetItem"
        Resource = var.ledger.arn
      },
    ])

    welcome = concat(local.runs["welcome"], [
      {
        Sid      = "CommitTheGreeting"
        Effect   = "Allow"
        Action   = "dynamodb:PutItem"
        Resource = aws_dynamodb_table.books.arn
      },
    ])
  }

  runs = {
    for function, name in local.names : function => [
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.this[function].arn}:*"
      },
      {
        # X-Ray has no resources to name.
        Sid      = "Trace"
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = "*"
      },
      {
        Sid      = "UseTheKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = var.key_arn
      },
    ]
  }

  goes_through_the_outbox = [
    {
      Sid      = "FindWaiting"
      Effect   = "Allow"
      Action   = "dynamodb:Query"
      Resource = "${aws_dynamodb_table.books.arn}/index/pending"
    },
    {
      Sid      = "ReadAndMarkOutbox"
      Effect   = "Allow"
      Action   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
      Resource = aws_dynamodb_table.books.arn
    },
  ]

  publishes = [
    {
      Sid      = "Publish"
      Effect   = "Allow"
      Action   = "sns:Publish"
      Resource = var.topic_arn
    },
  ]

  function_trust = {
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = local.from_this_account
    }]
  }
}

resource "aws_iam_role" "this" {
  for_each = local.names

  name               = "${var.name}-${each.key}"
  description        = "What ${each.value} may do"
  assume_role_policy = jsonencode(local.function_trust)
}

resource "aws_iam_role_policy" "this" {
  for_each = local.names

  name   = each.key
  role   = aws_iam_role.this[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.function_policies[each.key] })
}
