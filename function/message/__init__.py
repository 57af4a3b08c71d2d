"""From an event to one mail: the catalogue of notifications, templates, recipients."""
