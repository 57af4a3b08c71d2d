"""What vendors report by webhook, whichever of them it is."""
