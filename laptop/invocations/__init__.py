"""What Lambda, SNS, SQS and CloudWatch do around a function, as far as ministack does not: rules only, no emulator.

asynchronous (waits: retrying) -> aliases -> the function -> judgement -> record | metrics, embedded -> alarms

Times are AWS's own seconds, multiplied by the laptop's one factor `scale`. `laptop.emulator` puts them in place.
"""
