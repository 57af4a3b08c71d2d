terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Partial: say where the state is with -backend-config=backend.hcl, see backend.hcl.example.
  backend "s3" {}
}
