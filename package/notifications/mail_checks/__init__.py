"""What is tried of a team's mails, beyond what the build refuses."""
