"""What Lambda, SNS, SQS and CloudWatch do around a function, as far as ministack does not: rules only, no emulator.

async_queue (retries: when, and for how long) -> the function (model: which version) -> results -> metrics
-> alarm_evaluation

Times are AWS's own seconds, multiplied by the laptop's one factor `scale`. `laptop.emulator` puts them in place.
"""
