"""The formats of a notification's schema: one regular expression for each, the same for every validator.

JSON Schema leaves it to each validator whether and how it asserts a format, so the build adds the pattern.
https://json-schema.org/draft/2020-12/json-schema-validation#section-7
"""

from __future__ import annotations

import re

__all__ = ["LOCALE", "LONGEST", "PATTERNS"]

#: A language tag in lower case, as folders of notifications and keys of brands are named.
LOCALE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")

_END = r"(?![\s\S])"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ATOM = r"[A-Za-z0-9!#\u0024%&'*+/=?^_`{|}~-]+"
_EMAIL = rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?=[^.]*[A-Za-z]){_LABEL}"
_HOST = rf"(?:https://{_LABEL}(?:\.{_LABEL})*|https?://(?:localhost|127\.0\.0\.1|\[::1\]))"
_URI = rf"{_HOST}(?::[0-9]{{1,5}})?(?:[/?#](?:[A-Za-z0-9._~:/?#\[\]@!\u0024&'()*+,;=-]|%[0-9A-Fa-f]{{2}})*)?"
_DAY = (
    "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
)
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"

#: `date` and `date-time` are those of RFC 3339, on days that exist (no year 0, no leap second); `email` is one plain
#: address in ASCII; `uri` is what a mail may link to: https, or http on a loopback host.
PATTERNS = {
    "date": f"^(?!0000){_DAY}{_END}",
    "date-time": f"^(?!0000){_DAY}[Tt]{_TIME}{_END}",
    "email": f"^{_EMAIL}{_END}",
    "uri": f"^{_URI}{_END}",
}
#: The most characters of a text in the format; a schema's own `maxLength` can only lower it.
LONGEST = {"date": 10, "date-time": 40, "email": 254, "uri": 2048}
