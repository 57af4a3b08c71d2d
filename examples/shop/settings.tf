terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

variable "package" {
  description = "Path of function.zip, as `make package` built it"
  type        = string
  default     = "herald/build/package/cloud/function.zip"
  nullable    = false
}

variable "publishers" {
  description = "ARNs of the roles that publish the shop's events"
  type        = list(string)
  default     = []
  nullable    = false
}

ephemeral "aws_secretsmanager_random_password" "this" {
  for_each            = toset(["address", "link"])
  password_length     = 64
  exclude_punctuation = true
}

output "topic_arn" {
  description = "Where the shop publishes its events"
  value       = module.herald.topic_arn
}

output "dns_records" {
  description = "DNS records to create for the shop's domain"
  value       = module.herald.dns_records
}
