"""`make rehearse`: three releases under load on the laptop, two of them bad, and every mail counted at the end."""
