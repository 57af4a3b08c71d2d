"""`make rehearse`: good and bad releases under load on the laptop, with every mail counted at the end."""
