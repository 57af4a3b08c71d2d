"""ministack, patched to follow the rules of `laptop.invocations`: python -m laptop.emulator --scale FACTOR.

__main__ -> patches (every function of ministack that is replaced) -> lambdas, topics, queues, streams,
                                                                      buses, cognito, cloudwatch
         -> control_api
"""
