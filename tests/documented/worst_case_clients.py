"""A worst-case AWS for every botocore client that Herald's own code calls: installed for every test run.

What a test itself asks is answered as ever. `worst_case` says what is left out of an answer; pages
are split after one element, and a read that is eventually consistent is once answered with the value before.
"""

from __future__ import annotations

import copy
import itertools
import json
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import botocore.endpoint
import botocore.handlers
import botocore.session
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel

from laptop.model_validation import WrongAnswer, leave_blanks, list_violations, request_violations
from tests.documented.worst_case import keep_promised

__all__ = ["RETRYABLE", "WorstCaseClients", "WrongRequest", "install"]

ROOT = Path(__file__).parents[2]
#: Errors that heal by themselves: each is raised once for every operation whose model names it.
#: All but the last botocore repeats by itself.
RETRYABLE = (
    "ThrottlingException",
    "TooManyRequestsException",
    "InternalServerError",
    "TransactionConflictException",
)
#: What the emulator says and AWS never does, and nothing of Herald's reads.
_UNREAD = ("StateReasonCode is never 'Updating'",)
_READS = ("GetItem", "Query", "Scan")


class WrongRequest(Exception):
    """A request that AWS would refuse: a fault of Herald's."""


class _Http:
    status_code = 200


@dataclass(slots=True)
class WorstCaseClients:
    """What was raised, read and written since a test began; `worst_case`: whether the test meets a worst-case AWS."""

    worst_case: bool = True
    raised: set[tuple[str, str]] = field(default_factory=set)
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    aliases: dict[str, Any] = field(default_factory=dict)
    tokens: itertools.count[int] = field(default_factory=itertools.count)
    refused: threading.local = field(default_factory=threading.local)

    def begin(self, worst_case: bool) -> None:
        """Forget what the test before did."""
        self.worst_case = worst_case
        for known in (self.raised, self.pages, self.seen, self.changed, self.aliases):
            known.clear()

    def before_parameters(
        self, params: dict[str, Any], model: OperationModel, context: dict[str, Any], **_: Any
    ) -> None:
        """Ask for one element a page, and take our own token out of a request for the next.

        Raises `WrongRequest` for one whose pattern, length or range botocore lets pass and AWS does not.
        """
        context["worst_case"] = self.worst_case and _is_called_by_herald()
        if not context["worst_case"]:
            return
        if model.service_model.service_name == "dynamodb":
            self._dynamodb(params, model, context)
        elif unlike := request_violations(model.service_model.service_name, model.name, params):
            raise WrongRequest("; ".join(unlike))
        if model.name == "GetAlias":
            context["worst case alias"] = f"{params['FunctionName']}:{params['Name']}"
        config = _pagination(model)
        token = params.get(str(config.get("input_token")))
        if isinstance(token, str) and token in self.pages:
            del params[str(config["input_token"])]
            context["worst case page"] = token

    def before_call(self, context: dict[str, Any], **_: Any) -> Any:
        """The next of our own pages, which nothing is asked for."""
        token = context.get("worst case page")
        if token is None:
            return None
        rest = self.pages.pop(token)
        return _Http(), rest

    def error(self, model: OperationModel, context: Mapping[str, Any]) -> str | None:
        """The error that an operation documents, heals by itself and was not raised yet, if there is one."""
        if not context.get("worst_case", False) or _asks_once(model, context):
            return None
        documented = {shape.name for shape in model.error_shapes}
        for code in RETRYABLE:
            if code in documented and (model.name, code) not in self.raised:
                self.raised.add((model.name, code))
                self.refused.now = True
                return code
        return None

    def sleep(self, seconds: float) -> None:
        """What botocore does before it asks again: nothing, if only this refused."""
        if not vars(self.refused).pop("now", False):
            time.sleep(seconds)

    def after_call(self, parsed: dict[str, Any], model: OperationModel, context: dict[str, Any], **_: Any) -> None:
        """Take from an answer what is not promised, and split it into pages.

        Raises `WrongAnswer` for one that AWS never gives: so what moto and the emulator say by themselves goes through
        the gate too, whoever asked.
        """
        if "Error" in parsed or not self.worst_case:
            return
        _hold_to_model(parsed, model)
        if not context.get("worst_case", False):
            return
        self._read(parsed, model, context)
        self._read_alias(parsed, model, context)
        said = {name: parsed.pop(name) for name in list(parsed) if name == "ResponseMetadata"}
        answer = keep_promised(model.service_model.service_name, model.name, parsed)
        parsed.clear()
        parsed.update(answer, **said)
        self._split(parsed, model)

    def _dynamodb(self, params: dict[str, Any], model: OperationModel, context: dict[str, Any]) -> None:
        if model.name in ("Query", "Scan"):
            params.setdefault("Limit", 1)
        if model.name in _READS:
            context["worst case read"] = _name(params["TableName"], params.get("Key", {}))
            context["worst case index"] = params.get("IndexName", "")
            context["worst case stale"] = not params.get("ConsistentRead", False)
        for write in params.get("TransactItems", [{model.name: params}]):
            for kind, one in write.items():
                if kind in ("Put", "Update", "Delete", "PutItem", "UpdateItem", "DeleteItem"):
                    self.changed.add(_name(one["TableName"], one.get("Key") or one["Item"]))

    def _read(self, parsed: dict[str, Any], model: OperationModel, context: Mapping[str, Any]) -> None:
        """Answer what changed since with the value before, once; what was never read was not there before."""
        if "worst case read" not in context:
            return
        if model.name == "GetItem":
            name = context["worst case read"]
            found = self._before(name, parsed.pop("Item", None), context["worst case stale"])
            parsed |= {"Item": found} if found else {}
        elif "Items" in parsed:
            table, index = context["worst case read"].partition(" ")[0], context["worst case index"]
            rows = [self._before(_name(table, one), one, context["worst case stale"], index) for one in parsed["Items"]]
            parsed["Items"] = [one for one in rows if one]

    def _read_alias(self, parsed: dict[str, Any], model: OperationModel, context: Mapping[str, Any]) -> None:
        """Answer the first GetAlias after an alias moved, whoever moved it, with what it was: it moves soon, not at
        once."""
        name = context.get("worst case alias")
        if name is None:
            return
        now = {key: value for key, value in parsed.items() if key != "ResponseMetadata"}
        before = self.aliases.get(name, now)
        self.aliases[name] = copy.deepcopy(now)
        if before != now:
            said = parsed.pop("ResponseMetadata", {})
            parsed.clear()
            parsed.update(before, ResponseMetadata=said)

    def _before(self, name: str, now: Any, stale: bool, index: str = "") -> Any:
        """What was read before, nothing if it never was; an index holds other attributes, and is read by itself."""
        if stale and name in self.changed:
            self.changed.remove(name)
            return self.seen.get(f"{index} {name}", now if index else None)
        self.changed.discard(name)
        self.seen[f"{index} {name}"] = now
        return now

    def _split(self, parsed: dict[str, Any], model: OperationModel) -> None:
        config = _pagination(model)
        output, result = config.get("output_token"), config.get("result_key")
        if not isinstance(output, str) or model.service_model.service_name == "dynamodb":
            return
        for key in [result] if isinstance(result, str) else result or []:
            rows = parsed.get(key)
            if isinstance(rows, list) and len(rows) > 1:
                token = f"page-{next(self.tokens)}"
                self.pages[token] = {**parsed, key: rows[1:]}
                parsed[key] = rows[:1]
                parsed[output] = token
                return


def _hold_to_model(parsed: Mapping[str, Any], model: OperationModel) -> None:
    """Hold what botocore made of an answer: it drops members that it does not know, and reads IAM's policies."""
    service, shape = model.service_model.service_name, model.output_shape
    stream = shape.serialization.get("payload") if shape else None
    answer = {name: value for name, value in parsed.items() if name not in ("ResponseMetadata", stream)}
    found = list_violations(service, model.name, leave_blanks(answer)) if service != "iam" else []
    if unlike := [one for one in found if not one.endswith(_UNREAD)]:
        raise WrongAnswer("; ".join(unlike))


def _asks_once(model: OperationModel, context: Mapping[str, Any]) -> bool:
    """Whether a client of SES's repeats nothing, as the one that sends: its errors have tests of their own."""
    retries = getattr(context.get("client_config"), "retries", None) or {}
    return model.service_model.service_name == "sesv2" and retries.get("total_max_attempts") == 1


def _name(table: str, item: Mapping[str, Any]) -> str:
    """An item, by what names it in every table of Herald's."""
    return f"{table} {json.dumps([item.get('pk'), item.get('sk')], sort_keys=True, default=str)}"


def _is_called_by_herald() -> bool:
    """Whether the call comes from Herald's code, rather than a test's or a library's own."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        package = _first_party_package(frame.f_code.co_filename)
        if package:
            return package not in ("tests", "bench", "fakes", "build")
        frame = frame.f_back
    return False


@cache
def _first_party_package(filename: str) -> str:
    """The top-level folder of a file of this repository; empty for a library's, and for this file."""
    path = Path(filename)
    if not path.is_relative_to(ROOT) or "site-packages" in path.parts or path == Path(__file__):
        return ""
    return path.relative_to(ROOT).parts[0]


def install(clients: WorstCaseClients) -> None:
    """Make every botocore client that is created from now on meet a worst-case AWS."""
    for event, handler in {
        "before-parameter-build": clients.before_parameters,
        "before-call": clients.before_call,
        "after-call": clients.after_call,
    }.items():
        botocore.handlers.BUILTIN_HANDLERS.insert(0, (event, handler))
    endpoints: Any = botocore.endpoint.Endpoint
    answer = endpoints._do_get_response

    def fail_once(endpoint: Any, request: Any, model: OperationModel, context: dict[str, Any]) -> Any:
        code = clients.error(model, context)
        if code is None:
            return answer(endpoint, request, model, context)
        failing = copy.copy(endpoint)
        failing._event_emitter = _Refusing(model, code)
        return answer(failing, request, model, context)

    endpoints._do_get_response = fail_once
    vars(botocore.endpoint)["time"] = SimpleNamespace(sleep=clients.sleep)


@dataclass(frozen=True, slots=True)
class _Refusing:
    """Answers a request with an error before it is sent."""

    model: OperationModel
    code: str

    def emit(self, event: str, **_: Any) -> list[tuple[Any, Any]]:
        if not event.startswith("before-send"):
            return []
        status = 500 if self.code == "InternalServerError" else 429 if self.code == "TooManyRequestsException" else 400
        text = json.dumps({"__type": self.code, "message": "worst case"})
        if self.model.service_model.resolved_protocol == "query":
            text = f"<ErrorResponse><Error><Code>{self.code}</Code><Message>no</Message></Error></ErrorResponse>"
        return [(None, _Response(status, {"x-amzn-errortype": self.code}, text.encode()))]


@dataclass(frozen=True, slots=True)
class _Response:
    """As much of an HTTP response as botocore reads."""

    status_code: int
    headers: dict[str, str]
    content: bytes


def _pagination(model: OperationModel) -> dict[str, Any]:
    """How botocore pages through an operation, if it does."""
    return _read_pagination(model.service_model.service_name, model.name)


@cache  # by name: each client has models of its own, and a session takes longer than most calls
def _read_pagination(service: str, operation: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = botocore.session.get_session().get_paginator_model(service).get_paginator(operation)
    except (UnknownServiceError, ValueError):
        return {}
    return found
