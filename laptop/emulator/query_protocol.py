"""AWS's Query protocol, for the CloudWatch operations in which ministack omits fields.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import ListShape, Shape, StructureShape

__all__ = ["convert_text", "read_members", "write_xml"]

#: Parameters that are not members of the request.
_PROTOCOL = frozenset({"Action", "Version"})
NAMESPACE = "http://monitoring.amazonaws.com/doc/2010-08-01/"


def read_members(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request as nested lists and dictionaries: `A.member.1.B=x` becomes `{"A": [{"B": "x"}]}`."""
    tree: dict[str, Any] = {}
    for name, value in params.items():
        *path, last = name.split(".")
        node = tree
        for step in path:
            node = node.setdefault(step, {})
        node[last] = value[0] if isinstance(value, list) else value
    found: dict[str, Any] = _build_lists(tree)
    return found


def _build_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node.keys() == {"member"}:
        numbered = node["member"]
        return [_build_lists(numbered[key]) for key in sorted(numbered, key=int)]
    return {name: _build_lists(value) for name, value in node.items()}


def convert_text(value: Any, shape: Shape | None) -> Any:
    """Convert the text values of such a request to the numbers and booleans of its shape."""
    match shape, value:
        case StructureShape(members=known), dict():
            return {name: convert_text(one, known.get(name)) for name, one in value.items() if name not in _PROTOCOL}
        case ListShape(member=element), list():
            return [convert_text(one, element) for one in value]
        case Shape(type_name="boolean"), str():
            return value == "true"
        case Shape(type_name="integer" | "long"), str() if value.removeprefix("-").isdigit():
            return int(value)
        case Shape(type_name="double" | "float"), str():
            return float(value)
    return value


def write_xml(action: str, answer: Mapping[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Return a response in the Query protocol's XML format."""
    inner = _write_element(answer)
    request = f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
    text = f'<{action}Response xmlns="{NAMESPACE}"><{action}Result>{inner}</{action}Result>{request}</{action}Response>'
    return 200, {"Content-Type": "text/xml"}, text.encode()


def _write_element(value: Any, name: str = "") -> str:
    match value:
        case Mapping():
            return "".join(
                f"<{key}>{_write_element(each, key)}</{key}>" for key, each in value.items() if each not in (None, "")
            )
        case list():
            return "".join(f"<member>{_write_element(each)}</member>" for each in value)
        case bool():
            return str(value).lower()
        case int() | float() if name.endswith("Timestamp"):
            return datetime.fromtimestamp(value, UTC).isoformat().replace("+00:00", "Z")
    return escape(str(value))
