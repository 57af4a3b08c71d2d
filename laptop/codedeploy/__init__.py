"""A simulator of AWS CodeDeploy for Lambda: its resources, and deployments that really move an alias.

It implements the operations that Terraform, the AWS CLI and the release use, in the formats of
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_Operations.html, and rejects all others; nothing is
forwarded. Its behaviour is no evidence about AWS. The path of a request:

http_server (JSON 1.1, checked against the service model) -> api -> registry, deployments, queries

and that of a deployment, in its own thread:

deployments -> execution (and its alarms) -> alias (Lambda), lifecycle (its hooks)
"""
