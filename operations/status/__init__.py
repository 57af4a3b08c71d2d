"""How things stand: what is sent, what waits, what is dead, which alarms ring, and what to do."""
