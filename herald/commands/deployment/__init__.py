"""Commands that deploy Herald to AWS: its infrastructure, its packages, its releases."""
