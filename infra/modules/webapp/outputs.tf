output "url" {
  description = "URL of the web app"
  value       = local.public_url
}

output "dns_records" {
  description = "DNS records that `custom_domain` still needs; empty without a custom domain, and if Route 53 has them"
  value       = local.domain_records
}

output "api_endpoint" {
  description = "The HTTP API's own address"
  value       = aws_apigatewayv2_api.this.api_endpoint
}

output "api_id" {
  description = "Id of the HTTP API"
  value       = aws_apigatewayv2_api.this.id
}

output "publisher_roles" {
  description = "ARNs of the roles that publish events; the topic's policy must name them"
  value       = [for function in ["relay", "sweeper", "reconcile"] : aws_iam_role.this[function].arn]
}

output "roles" {
  description = "ARNs of the roles, one for each function"
  value       = { for name, role in aws_iam_role.this : name => role.arn }
}

output "functions" {
  description = "Names of the functions: web, relay, sweeper, reconcile, post-confirmation"
  value       = local.names
}

output "books" {
  description = "Name and ARN of the table of books"
  value       = { name = aws_dynamodb_table.books.name, arn = aws_dynamodb_table.books.arn }
}

output "sign_in" {
  description = "Issuer, client and sign-in page of the web app"
  value = {
    issuer    = local.issuer
    client_id = aws_cognito_user_pool_client.web.id
    pool_id   = aws_cognito_user_pool.this.id
    page      = "https://${aws_cognito_user_pool_domain.this.domain}.${local.partition == "aws-us-gov" ? "auth-fips" : "auth"}.${local.region}.amazoncognito.com"
  }
}
