# Senders besides the deployment's own. Their owners have SES verify their domains beforehand, see docs/tenants.md.
locals {
  tenant_settings = { for name, tenant in var.tenants : name => { for key, value in tenant : key => value if value != null && key != "identity" && !(key == "suppression" && value == "all") } }
  # One compressed setting for all: Lambda limits a function's environment to 4 KB.
  tenants_setting = length(var.tenants) == 0 ? {} : { HERALD_TENANTS = base64gzip(jsonencode(local.tenant_settings)) }

  # Configuration sets, and whether SES's suppression list for the account applies: an `own` list is Herald's, and the
  # account's would bounce mails that it allows.
  tenant_sets = {
    for name in distinct(compact(values(var.tenants)[*].configuration_set)) :
    name => !anytrue([for tenant in values(var.tenants) : tenant.configuration_set == name && tenant.suppression == "own"])
  }

  tenant_address = { for name, tenant in var.tenants : name => regex("[^<>@\\s]+@[^<>@\\s]+", tenant.from) }
  # Tenants that send through an SES tenant, and the addresses of those that do not.
  ses_tenants     = [for tenant in values(var.tenants) : tenant.tenant_name if tenant.tenant_name != null]
  plain_addresses = [for name, address in local.tenant_address : address if var.tenants[name].tenant_name == null]

  # SES checks whether configuration set, identity and tenant belong together.
  # https://docs.aws.amazon.com/ses/latest/dg/tenants.html
  ses_tenant_statements = [for statement in [
    {
      Sid      = "SendThroughTenants"
      Effect   = "Allow"
      Action   = ["ses:SendEmail", "ses:SendRawEmail"]
      Resource = local.send_resources
      Condition = { StringEquals = {
        "ses:FromAddress" = [for name, address in local.tenant_address : address if var.tenants[name].tenant_name != null]
        "ses:TenantName"  = local.ses_tenants
      } }
    }
  ] : statement if length(local.ses_tenants) > 0 && length(local.sending_regions) > 0]
}
