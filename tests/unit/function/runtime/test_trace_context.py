"""W3C trace context, as its specification has it: https://www.w3.org/TR/trace-context/#traceparent-header"""

from __future__ import annotations

import pytest

from function.runtime.trace_context import TraceContext, begin_trace, read_traceparent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("text", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"01-{TRACE}-{SPAN}-01", True),
        (f"cc-{TRACE}-{SPAN}-00-what-a-later-version-adds", False),
    ],
)
def test_a_context_is_read_also_of_a_later_version(text: str, sampled: bool) -> None:
    assert read_traceparent(text) == TraceContext(TRACE, SPAN, sampled)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        7,
        ["00"],
        {"00": TRACE},
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"01-{TRACE}-{SPAN}-01-a\r\nBcc: all@example.com",
        f"01-{TRACE}-{SPAN}-01-{'x' * 100_000}",
        "ada@example.com",
        "\ud800",
    ],
)
def test_whatever_else_comes_is_none(text: object) -> None:
    assert read_traceparent(text) is None


def test_a_context_is_written_as_it_is_read() -> None:
    for context in (begin_trace(), begin_trace().child(), TraceContext(TRACE, SPAN, sampled=False)):
        assert read_traceparent(str(context)) == context


def test_a_child_is_another_span_of_the_same_trace() -> None:
    parent = begin_trace()
    assert parent.child().trace_id == parent.trace_id
    assert parent.child().span_id not in {parent.span_id, parent.child().span_id}
