"""The processes of one laptop cloud: their ports, their start, and their end, whatever ends us."""
