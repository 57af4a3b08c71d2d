"""What a burst of events does to a sending rate: how long the mails take, what waits where, what would be lost.

`rules` holds what AWS and Herald do, each with its page; `events` plays every event by itself, `flow` plays the same in
bulk, where there are too many; `question` and `answer` are what goes in and comes out; `cli` is `make capacity`.
"""
