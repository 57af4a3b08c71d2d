"""From whom a mail is, to whom it goes, and to whom it may go."""
