"""The status: what is sent, what waits, what is dead, which alarms are ringing, and what to do."""
