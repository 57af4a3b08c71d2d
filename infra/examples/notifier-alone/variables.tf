variable "package" {
  description = "Path of function.zip"
  type        = string
  nullable    = false
}

variable "app_role_arn" {
  description = "ARN of the role that your app publishes with"
  type        = string
  nullable    = false
}
