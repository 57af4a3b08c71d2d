"""`python -m herald` is `herald`."""

from herald.cli import main

main()
