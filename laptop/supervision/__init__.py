"""The processes of one laptop cloud: their ports, their start, and their end, however this process ends."""
