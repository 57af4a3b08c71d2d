output "table" {
  description = "Name of the table with the lines"
  value       = aws_dynamodb_table.activity.name
}
