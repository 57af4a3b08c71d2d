"""What CodeDeploy keeps: applications, deployment groups, deployment configurations."""
