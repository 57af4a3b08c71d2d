"""A simulator of Amazon SES v2. Its behaviour is no evidence about AWS.

It follows https://docs.aws.amazon.com/ses/latest/APIReference-V2/Welcome.html for the calls that Herald, Terraform and
the AWS CLI make; every other call is forwarded to ministack. The path of a mail:

http_server (connection, faults) -> api -> send_email_request -> mailbox -> outcomes (its events) -> feedback (SNS)
"""
