"""A simulator of AWS CodeDeploy for Lambda: its registry, and deployments that really move an alias.

It plays the calls that Terraform, the AWS CLI and the release make, in the shapes of
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_Operations.html, and passes nothing on: what it does
not play, it refuses. What it shows is no evidence about AWS. One call goes through

wire (JSON 1.1, checked against the service model) -> api -> registry, deployments, queries (how they stand)

and of one deployment, in a thread of its own:

deployments -> execution (and its alarms) -> alias (Lambda), lifecycle (its hooks)
"""
