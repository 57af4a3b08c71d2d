"""One trace from the request into the event."""

from __future__ import annotations

import re

import pytest

from webapp.outbox.event import continue_trace

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def test_a_callers_trace_goes_on_in_a_new_span() -> None:
    _, trace_id, span_id, flags = continue_trace(f"00-{TRACE}-{SPAN}-00").split("-")
    assert (trace_id, flags) == (TRACE, "00")
    assert span_id != SPAN


def test_a_later_version_is_understood_as_far_as_it_goes() -> None:
    assert continue_trace(f"01-{TRACE}-{SPAN}-ff-more").startswith(f"00-{TRACE}-")


@pytest.mark.parametrize(
    "invalid",
    [
        None,
        "",
        "nonsense",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\r\nx",
    ],
)
def test_else_a_new_trace_begins(invalid: str | None) -> None:
    made = continue_trace(invalid)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", made)
    assert TRACE not in made
