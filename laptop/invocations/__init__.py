"""The rules by which Lambda, SNS, SQS and CloudWatch act around a function, where ministack does not implement them.

async_queue (retries: when, and for how long) -> the function (invocation: which version) -> results -> metrics
                                              -> alarm_evaluation

Times are AWS's own seconds, multiplied by the laptop's common factor `scale`. These modules know no emulator;
`laptop.emulator` patches them into ministack.
"""
