"""What an AWS account is asked, before it is trusted with mails."""
