"""Checks of `notify`: its concurrency, whether it is paused, its alias, and whether SNS may invoke it."""

from __future__ import annotations

from doctor.check import Check, Finding, Scope, ok, warning, wrong
from doctor.check_context import ALIAS, CheckContext, read_member
from doctor.policies import list_grants

__all__ = ["CHECKS"]

#: The concurrency that Lambda keeps unreserved; in an account that has less, all of it.
_UNRESERVED = 100


def _check_concurrency(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html

    https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
    """
    limit = read_member(context.ask("lambda", "GetAccountSettings"), "lambda", "AccountLimit")
    total = int(read_member(limit, "lambda", "ConcurrentExecutions"))
    free = int(read_member(limit, "lambda", "UnreservedConcurrentExecutions"))
    account = f"the account runs {total} at once, {free} of them unreserved"
    reserved, needed = _read_reservation(context), context.reservation
    if reserved:
        if reserved >= needed:
            return ok(f"{reserved} are reserved for {context.notify}; {account}")
        return warning(f"{reserved} are reserved, send_rate needs {needed}; {account}", context.apply)
    if free < needed:
        return warning(f"send_rate needs {needed} at once; {account}", "ask for quota L-B99A9384")
    if context.installed:
        return ok(f"nothing is reserved, send_rate needs {needed}; {account}")
    if free - needed < min(_UNRESERVED, total):
        finding = f"the {needed} that send_rate needs cannot be reserved: {account}"
        return warning(finding, "leave reserve_concurrency off, or ask for quota L-B99A9384")
    return ok(f"the {needed} that send_rate needs can be reserved; {account}")


def _read_reservation(context: CheckContext) -> int | None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConcurrency.html: left out where none is reserved"""
    if not context.installed:
        return None
    answer = context.ask("lambda", "GetFunctionConcurrency", FunctionName=context.notify)
    return answer.get("ReservedConcurrentExecutions")


def _pause(context: CheckContext) -> Finding:
    """A reserved concurrency of 0 is how `make pause` stops all mail."""
    if _read_reservation(context) == 0:
        return warning(f"{context.notify} is paused: no mail leaves, and every event waits", context.make("resume"))
    return ok(f"{context.notify} is not paused")


def _check_alias(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/lambda/latest/api/API_GetAlias.html"""
    answer = context.find("lambda", "GetAlias", FunctionName=context.notify, Name=ALIAS)
    if answer is None:
        return wrong(f"{context.notify} has no alias {ALIAS}: nothing is sent", context.apply)
    return ok(f"{ALIAS} leads to version {read_member(answer, 'lambda', 'FunctionVersion')}")


def _check_invocable(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html

    https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html
    """
    topic = context.topic("events")
    answer = context.find("lambda", "GetPolicy", FunctionName=context.notify, Qualifier=ALIAS)
    if answer is None:
        return wrong(f"SNS may not invoke {context.notify}:{ALIAS}: nobody may", context.apply)
    found = list_grants(read_member(answer, "lambda", "Policy"), "sns.amazonaws.com", "lambda:InvokeFunction", topic)
    if not found:
        return wrong(f"SNS may not invoke {context.notify}:{ALIAS} for {topic}", context.apply)
    if all(grant.conditions for grant in found):
        conditions = ", ".join(found[0].conditions)
        return warning(f"SNS may invoke it if it sends {conditions} too, which AWS does not promise", context.apply)
    return ok(f"SNS may invoke {context.notify}:{ALIAS}")


CHECKS = (
    Check("lambda-concurrency", "Lambda concurrency", _check_concurrency, Scope.ACCOUNT),
    Check("lambda-paused", "Pause", _pause),
    Check("lambda-alias", "Alias", _check_alias),
    Check("lambda-permission", "Permission to invoke", _check_invocable),
)
