"""Who carries the mails: each provider says accepted, refused or unknown (`function.errors`)."""
