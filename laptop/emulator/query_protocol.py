"""AWS's Query protocol, for the two CloudWatch calls in which ministack leaves things out.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

__all__ = ["members", "xml"]

NAMESPACE = "http://monitoring.amazonaws.com/doc/2010-08-01/"


def members(params: Mapping[str, Any]) -> dict[str, Any]:
    """The request as it was before it was flattened: `A.member.1.B=x` is `{"A": [{"B": "x"}]}`."""
    tree: dict[str, Any] = {}
    for name, value in params.items():
        *path, last = name.split(".")
        node = tree
        for step in path:
            node = node.setdefault(step, {})
        node[last] = value[0] if isinstance(value, list) else value
    found: dict[str, Any] = _lists(tree)
    return found


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node.keys() == {"member"}:
        numbered = node["member"]
        return [_lists(numbered[key]) for key in sorted(numbered, key=int)]
    return {name: _lists(value) for name, value in node.items()}


def xml(action: str, body: bytes | str) -> tuple[int, dict[str, str], bytes]:
    """A JSON answer in the Query protocol's XML."""
    inner = _element(json.loads(body))
    request = f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
    text = f'<{action}Response xmlns="{NAMESPACE}"><{action}Result>{inner}</{action}Result>{request}</{action}Response>'
    return 200, {"Content-Type": "text/xml"}, text.encode()


def _element(value: Any, name: str = "") -> str:
    match value:
        case dict():
            return "".join(
                f"<{key}>{_element(each, key)}</{key}>" for key, each in value.items() if each not in (None, "")
            )
        case list():
            return "".join(f"<member>{_element(each)}</member>" for each in value)
        case bool():
            return str(value).lower()
        case int() | float() if name.endswith("Timestamp"):
            return datetime.fromtimestamp(value, UTC).isoformat().replace("+00:00", "Z")
    return escape(str(value))
