"""The deployed code reads its settings in one way, and counts in one way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Where it is done: `Environment` says which setting is wrong (the web app's are read by pydantic), `embed_metrics`
#: counts under the name that `find_service` gives.
ONE_WAY = {"function/environment.py", "function/runtime/metrics.py"}


def find_by_hand(source: str) -> Iterator[int]:
    """The lines that look up a variable of the environment by its name, or write embedded metrics themselves."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Subscript(slice=key) | ast.Call(func=ast.Attribute(attr="get" | "getenv"), args=[key, *_]):
                keys = [key.values[0] if isinstance(key, ast.JoinedStr) and key.values else key]
            case ast.Dict():
                keys = [key for key in node.keys if isinstance(key, ast.Constant) and key.value == "_aws"]
            case _:
                continue
        for key in keys:
            if isinstance(key, ast.Constant) and str(key.value).startswith(("HERALD_", "AWS_", "_aws")):
                yield node.lineno


@pytest.mark.parametrize(
    "line",
    [
        'os.environ["HERALD_FROM"]',
        'environment.get(f"HERALD_MAIL_WEBHOOK_{name}", "").strip()',
        'os.getenv("AWS_LAMBDA_FUNCTION_NAME")',
        'print(json.dumps({"_aws": {}}))',
    ],
)
def test_what_is_done_by_hand_is_found(line: str) -> None:
    assert list(find_by_hand(line)) == [1]


def test_settings_are_read_and_metrics_written_in_one_way() -> None:
    files = [path for folder in ("function", "webapp") for path in (ROOT / folder).rglob("*.py")]
    found = {path.relative_to(ROOT).as_posix() for path in files if any(find_by_hand(path.read_text("utf-8")))}
    assert found == ONE_WAY
