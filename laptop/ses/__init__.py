"""A simulator of Amazon SES v2. What it shows is not evidence about AWS.

It follows https://docs.aws.amazon.com/ses/latest/APIReference-V2/Welcome.html for the calls that Herald, Terraform and
the AWS CLI make; every other call passes through to ministack. The road of one mail:

wire (connection, faults) -> api -> sending -> mailbox -> outcomes (what becomes of it) -> feedback (SNS)
"""
