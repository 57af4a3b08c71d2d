"""The references for Herald's speed: the usual libraries, a naive handler, and a lower limit."""
