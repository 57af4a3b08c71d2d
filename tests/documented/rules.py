"""The documented rules that the code and the simulators rest on, by service."""

from __future__ import annotations

from tests.documented.rule import Rule
from tests.documented.services import cloudwatch, codedeploy, cognito, dynamodb, lambda_, messaging, others, sesv2

__all__ = ["RULES"]

_SERVICES = (cloudwatch, codedeploy, cognito, dynamodb, lambda_, messaging, others, sesv2)
RULES: tuple[Rule, ...] = tuple(rule for service in _SERVICES for rule in service.RULES)
