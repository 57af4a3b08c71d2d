"""CodeDeploy's resources: applications, deployment groups, deployment configurations."""
