"""A simulator of AWS CodeDeploy's registry: applications, deployment groups, deployment configurations and their tags.

It plays the calls that Terraform makes, in the shapes of
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_Operations.html, and passes nothing on: what it does
not play, it refuses. What it shows is not evidence about AWS. The road of one call:

wire (JSON 1.1, checked against the service model) -> api -> applications, groups, configs
"""
