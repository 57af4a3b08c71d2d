# Region and credentials come from the environment, as for every AWS tool.
provider "aws" {
  region              = var.region
  allowed_account_ids = var.account_id == null ? null : [var.account_id]

  default_tags {
    tags = {
      Application = "herald"
      Stack       = var.name
    }
  }
}

# For SES in a second region; without one it is not used. `herald infra` refuses to change this region while the state
# has resources there: Terraform would look for them in the first region, and destroy those of the same names there.
provider "aws" {
  alias               = "second"
  region              = var.second_region == null ? var.region : var.second_region
  allowed_account_ids = var.account_id == null ? null : [var.account_id]

  default_tags {
    tags = {
      Application = "herald"
      Stack       = var.name
    }
  }
}
