"""ministack, with the rules of `laptop.invocations` put into it: python -m laptop.emulator --scale FACTOR.

__main__ -> patches (every function of ministack's that is replaced) -> lambdas, topics, queues, streams,
cloudwatch
-> control
"""
