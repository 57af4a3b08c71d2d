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

# SES in a second region; without one it makes nothing. `herald infra` refuses to leave this region while the state
# has something there: Terraform would take what has the same names at home for it, and destroy that.
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
