"""ministack, with the rules of `ops.local.invocations` put into it: python -m ops.local.emulator --scale FACTOR.

__main__ -> seams (every function of ministack's that is replaced) -> lambdas, topics, queues, watch; control
"""
