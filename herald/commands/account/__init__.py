"""Commands that examine and try an AWS account before it is trusted with mails."""
