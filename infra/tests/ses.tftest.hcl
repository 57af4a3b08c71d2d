# SES in one region, as the notifier and ses-region both use it.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name       = "herald"
  region     = "us-east-1"
  account_id = "000000000000"
  key_arn    = "arn:aws:kms:us-east-1:000000000000:key/the-key"
  identity   = { domain = "herald.example", create = true, mail_from_domain = "bounce.herald.example", dmarc = "v=DMARC1; p=none" }
}

override_resource {
  target = aws_sns_topic.feedback
  values = { arn = "arn:aws:sns:us-east-1:000000000000:herald-feedback" }
}

override_resource {
  target = aws_sesv2_configuration_set.this["herald"]
  values = { arn = "arn:aws:ses:us-east-1:000000000000:configuration-set/herald" }
}

override_resource {
  target = aws_sesv2_configuration_set.this["acme"]
  values = { arn = "arn:aws:ses:us-east-1:000000000000:configuration-set/acme" }
}

override_resource {
  target = aws_sesv2_configuration_set.this["globex"]
  values = { arn = "arn:aws:ses:us-east-1:000000000000:configuration-set/globex" }
}

run "one_region" {
  module {
    source = "./modules/ses"
  }

  assert {
    condition     = keys(aws_sesv2_configuration_set.this) == ["herald"] && aws_sesv2_configuration_set.this["herald"].configuration_set_name == "herald" && aws_sesv2_email_identity.this[0].configuration_set_name == "herald" && aws_sesv2_email_identity.this[0].email_identity == "herald.example"
    error_message = "The identity sends by the one configuration set, which has the prefix's name."
  }
  assert {
    condition     = aws_sesv2_configuration_set.this["herald"].delivery_options[0].tls_policy == "REQUIRE" && aws_sesv2_configuration_set.this["herald"].suppression_options[0].suppressed_reasons == tolist(["BOUNCE", "COMPLAINT"]) && length(aws_sesv2_configuration_set.this["herald"].tracking_options) == 0
    error_message = "Mail leaves by TLS only, bounces and complaints are suppressed, nobody is tracked."
  }
  assert {
    condition     = aws_sesv2_configuration_set_event_destination.feedback["herald"].event_destination[0].matching_event_types == toset(["SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "RENDERING_FAILURE", "DELIVERY_DELAY"]) && aws_sesv2_configuration_set_event_destination.feedback["herald"].event_destination[0].sns_destination[0].topic_arn == aws_sns_topic.feedback.arn
    error_message = "Feedback is every event that moves a record; no opens, clicks and subscriptions."
  }
  assert {
    condition     = aws_sesv2_email_identity.this[0].dkim_signing_attributes[0].next_signing_key_length == "RSA_2048_BIT" && aws_sesv2_email_identity_mail_from_attributes.this[0].mail_from_domain == "bounce.herald.example"
    error_message = "The domain signs with 2048 bits and has its own MAIL FROM."
  }
  assert {
    condition     = length(aws_route53_record.this) == 0 && length(output.dns_records) == 6
    error_message = "Without a zone, no DNS is written."
  }
  assert {
    condition     = aws_sns_topic.feedback.name == "herald-feedback" && aws_sns_topic.feedback.kms_master_key_id == var.key_arn
    error_message = "The topic is encrypted by the key that is handed in."
  }
  assert {
    condition     = local.feedback_topic_policy.Statement[0].Condition == { StringEquals = { "aws:SourceAccount" = "000000000000" }, ArnEquals = { "aws:SourceArn" = "arn:aws:ses:us-east-1:000000000000:configuration-set/herald" } }
    error_message = "Only this configuration set publishes feedback."
  }
  assert {
    condition     = anytrue([for statement in jsondecode(aws_sns_topic_policy.feedback.policy).Statement : statement.Effect == "Deny" && try(statement.Condition.Bool["aws:SecureTransport"], "") == "false"])
    error_message = "The topic refuses what does not come by TLS."
  }
}

run "a_zone_of_route53" {
  module {
    source = "./modules/ses"
  }

  variables {
    identity = { domain = "herald.example", create = true, mail_from_domain = "bounce.herald.example", dmarc = "v=DMARC1; p=none", zone_id = "Z123" }
  }

  assert {
    condition     = { for key, record in aws_route53_record.this : key => "${record.zone_id} ${record.type} ${record.name} ${one(record.records)}" } == { for key, record in output.dns_records : key => "Z123 ${record.type} ${record.name} ${record.value}" }
    error_message = "Route 53 gets all records."
  }
}

run "an_identity_that_exists_is_left_alone" {
  module {
    source = "./modules/ses"
  }

  variables {
    identity = { domain = "herald.example", create = false, mail_from_domain = "bounce.herald.example", dmarc = "v=DMARC1; p=none" }
  }

  assert {
    condition     = length(aws_sesv2_email_identity.this) + length(aws_sesv2_email_identity_mail_from_attributes.this) == 0 && length(output.dns_records) == 0
    error_message = "create = false makes no identity and no records."
  }
}

run "sets_of_tenants" {
  module {
    source = "./modules/ses"
  }

  variables {
    tenant_sets = { acme = false, globex = true }
  }

  assert {
    condition     = { for name, set in aws_sesv2_configuration_set.this : name => length(set.suppression_options) } == { acme = 0, globex = 1, herald = 1 } && toset(keys(aws_sesv2_configuration_set_event_destination.feedback)) == toset(["acme", "globex", "herald"])
    error_message = "Each set reports; the one of a tenant with a list of its own does not ask for the account's."
  }
  assert {
    condition     = jsonencode(local.feedback_topic_policy.Statement[0].Condition.ArnEquals["aws:SourceArn"]) == jsonencode([for name in ["herald", "acme", "globex"] : "arn:aws:ses:us-east-1:000000000000:configuration-set/${name}"])
    error_message = "The feedback topic takes what each configuration set says."
  }
}
