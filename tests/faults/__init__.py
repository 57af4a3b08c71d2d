"""The crash matrix: a handler that is killed at a named point, and what becomes of the mail.

The handler runs in a process forked from a warmed parent, as a Lambda sandbox does its work; it is killed by SIGKILL.
Table, queues and post office live in the parent, and survive it. Nothing in here knows Herald but `herald.py`, so that
`tests/faults/peers` puts other handlers into the same matrix.
"""
