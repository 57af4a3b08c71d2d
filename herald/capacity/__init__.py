"""What a burst of events does to a sending rate: how long the mails take, what waits where, what would be lost.

`rules` holds what AWS and Herald do, each with its page; `simulation` plays a burst by them; `scenario` and `answer`
are what goes in and comes out; `herald/commands/account/capacity.py` is the command.
"""
