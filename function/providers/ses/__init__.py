"""Amazon SES, in one region or several."""
