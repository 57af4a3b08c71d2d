"""The rules by which Lambda, SNS and SQS act around a function, where ministack does not implement them.

async_queue (retries: when, and for how long) -> the function (invocation: which version) -> results
-> laptop.cloudwatch (metrics, alarms)

Times are AWS's own seconds, multiplied by the laptop's common factor `scale`. These modules know no emulator;
`laptop.emulator` patches them into ministack.
"""
