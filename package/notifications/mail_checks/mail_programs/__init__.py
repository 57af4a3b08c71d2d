"""What mail programs leave out of a mail, by the data of caniemail.com."""
