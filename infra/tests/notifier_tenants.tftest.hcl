# Senders beside the deployment's own: what is made of them, and what of each bad declaration.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  package     = "tests/packages/empty.zip"
  identity    = { domain = "herald.example" }
  sender      = "Herald <books@herald.example>"
  address_key = "a secret of tests, long enough: 0123456789"
  link_key    = "a secret of tests, long enough: 0123456789"
}

run "none" {
  command = apply

  module {
    source = "./modules/notifier"
  }

  assert {
    condition     = length(local.tenant_sets) == 0 && !can(aws_lambda_function.this["notify"].environment[0].variables.HERALD_TENANTS) && length([for statement in local.function_policies.notify : statement if statement.Sid == "SendThroughTenants"]) == 0
    error_message = "A deployment without tenants has something of them."
  }
}

run "three" {
  command = apply

  module {
    source = "./modules/notifier"
  }

  variables {
    events_api = { types = ["book.created"] }
    tenants = {
      acme   = { from = "Acme <hello@acme.example>", identity = "acme.example", configuration_set = "acme", tenant_name = "acme-ses", suppression = "own" }
      globex = { from = "hello@mail.globex.example", identity = "globex.example", configuration_set = "globex" }
      shop   = { from = "The Shop <shop@herald.example>" }
    }
  }

  assert {
    condition     = aws_lambda_function.this["notify"].environment[0].variables.HERALD_TENANTS == base64gzip("{\"acme\":{\"configuration_set\":\"acme\",\"from\":\"Acme \\u003chello@acme.example\\u003e\",\"suppression\":\"own\",\"tenant_name\":\"acme-ses\"},\"globex\":{\"configuration_set\":\"globex\",\"from\":\"hello@mail.globex.example\"},\"shop\":{\"from\":\"The Shop \\u003cshop@herald.example\\u003e\"}}")
    error_message = "notify is told of the tenants what it needs, and no more."
  }
  assert {
    condition     = aws_lambda_function.this["events-api"].environment[0].variables.HERALD_TENANTS == aws_lambda_function.this["notify"].environment[0].variables.HERALD_TENANTS
    error_message = "The door for posted events knows the same tenants."
  }
  assert {
    condition     = one([for statement in local.function_policies.notify : statement if statement.Sid == "SendMail"]).Condition.StringEquals["ses:FromAddress"] == tolist(["books@herald.example", "hello@mail.globex.example", "shop@herald.example"])
    error_message = "Without a tenant of SES's, notify sends as these addresses and no others."
  }
  assert {
    condition     = jsonencode(one([for statement in local.function_policies.notify : statement if statement.Sid == "SendThroughTenants"]).Condition) == jsonencode({ StringEquals = { "ses:FromAddress" = ["hello@acme.example"], "ses:TenantName" = ["acme-ses"] } })
    error_message = "The address of a tenant of SES's is sent through that tenant only."
  }
  assert {
    condition     = alltrue([for name in ["herald", "acme", "globex"] : contains(one([for statement in local.function_policies.notify : statement if statement.Sid == "SendMail"]).Resource, "arn:aws:ses:us-east-1:000000000000:configuration-set/${name}")])
    error_message = "notify may use each configuration set."
  }
  assert {
    condition     = local.tenant_sets == { acme = false, globex = true } && strcontains(aws_iam_role_policy.this["notify"].policy, "configuration-set/acme")
    error_message = "The set of a tenant with a list of its own does not ask for the account's."
  }
}

run "several_providers" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    providers_in_order = ["ses://us-east-1", "resend://"]
    provider_secrets   = { "resend://" = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/k", webhook = "arn:aws:ssm:us-east-1:000000000000:parameter/w" } }
    tenants = {
      acme = { from = "hello@acme.example", identity = "acme.example", providers = ["ses://us-east-1"] }
      shop = { from = "shop@herald.example" }
    }
  }
}

run "a_sender_that_other_providers_may_not_know" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    providers_in_order = ["ses://us-east-1", "resend://"]
    provider_secrets   = { "resend://" = { key = "arn:aws:ssm:us-east-1:000000000000:parameter/k", webhook = "arn:aws:ssm:us-east-1:000000000000:parameter/w" } }
    tenants            = { acme = { from = "hello@acme.example", identity = "acme.example" } }
  }

  expect_failures = [var.tenants]
}

run "more_than_the_environment_holds" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    tenants = { for number in range(200) : "tenant-${number}" => { from = "hello@${substr(sha256(number), 0, 12)}.example", identity = "${substr(sha256(number), 0, 12)}.example" } }
  }

  expect_failures = [var.tenants]
}

run "forty" {
  command = plan

  module {
    source = "./modules/notifier"
  }

  variables {
    tenants = { for number in range(40) : "tenant-${number}" => { from = "Tenant ${number} <hello@${substr(sha256(number), 0, 12)}.example>", identity = "${substr(sha256(number), 0, 12)}.example" } }
  }
}
