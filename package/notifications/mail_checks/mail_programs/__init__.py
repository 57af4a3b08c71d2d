"""Finds what mail programs do not support in a mail, by the data of caniemail.com."""
