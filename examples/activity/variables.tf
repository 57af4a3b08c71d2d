variable "package" {
  description = "Path of the zip: Herald's function.zip with activity.py beside it"
  type        = string
  nullable    = false
}

variable "topics" {
  description = "ARNs of the topics to subscribe to: the app's events, and what becomes of mails"
  type        = list(string)
  nullable    = false
}
