"""CloudWatch's rules that ministack lacks: metrics in functions' logs, metric math, when an alarm fires."""
