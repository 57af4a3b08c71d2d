"""W3C trace context: one trace from the HTTP request into the event and on to the mail.

https://www.w3.org/TR/trace-context/#traceparent-header
"""

import re
import secrets
from typing import Final

_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")


def continued(traceparent: str | None) -> str:
    """A new span of the caller's trace, or of a new one if the caller sent none that is valid."""
    caller = _TRACEPARENT.fullmatch(traceparent or "")
    trace_id, flags = (caller[1], caller[2]) if caller else (secrets.token_hex(16), "01")
    return f"00-{trace_id}-{secrets.token_hex(8)}-{int(flags, 16) & 1:02x}"
