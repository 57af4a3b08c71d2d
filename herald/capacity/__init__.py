"""Simulates a burst of events against a sending rate: how long the mails take, what waits where, what would be lost.

`aws_limits` holds the limits of AWS and Herald, each with its source; `simulation` simulates a burst under them;
`burst_scenario` is its input and `burst_result` its output, which `report` prints;
`herald/commands/account/capacity.py` is the command.
"""
