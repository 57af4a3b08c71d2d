output "role_arn" {
  description = "The role that the release workflow assumes"
  value       = aws_iam_role.this.arn
}
