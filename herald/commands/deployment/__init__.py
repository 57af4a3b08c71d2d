"""How Herald comes to AWS: its infrastructure, its packages, its releases."""
