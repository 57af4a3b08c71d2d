"""What botocore says on the wire and makes of the answers, run as a script with the folder of the botocore to ask.

Reads a list of calls from standard input, `(service, region, operation, arguments, status, headers, body)`, and prints
one line for each. Time and ids stand still, and nothing leaves the process.
"""

from __future__ import annotations

import ast
import datetime
import io
import os
import sys
import uuid
from typing import Any

MOMENT = datetime.datetime(2026, 11, 21, 8, 0, tzinfo=datetime.UTC)


class Answer(io.BytesIO):
    """A body as urllib3 streams it."""

    def stream(self, **_: object) -> Any:
        yield self.read()


def transcribe(session: Any, clients: dict[tuple[str, str], Any], call: tuple[Any, ...]) -> str:
    """The request of one call and what came back, in one line."""
    from botocore.awsrequest import AWSResponse

    service, region, operation, arguments, status, headers, body = call
    said: list[object] = []
    client = clients.get((service, region)) or session.create_client(service, region_name=region)
    clients[service, region] = client

    def answer(request: Any, **_: object) -> Any:
        said.extend([request.method, request.url, sorted(request.headers.items()), request.body])
        return AWSResponse(request.url, status, headers, Answer(body))

    client.meta.events.register_first("before-send.*.*", answer, unique_id="answer")
    try:
        parsed = client._make_api_call(operation, arguments)
        parsed = {name: value.read() if hasattr(value, "read") else value for name, value in parsed.items()}
    except Exception as error:
        parsed = [type(error).__mro__[:2], getattr(error, "response", None), str(error)]
    client.meta.events.unregister("before-send.*.*", unique_id="answer")
    return f"{call[:3]} {said} {parsed}"


def main(root: str) -> None:
    """Say everything with the botocore in `root`."""
    sys.path.insert(0, root)
    os.environ.update(AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret", AWS_MAX_ATTEMPTS="1")
    import botocore
    import botocore.auth
    import botocore.session

    assert botocore.__file__.startswith(root), botocore.__file__
    uuid.uuid4 = lambda: uuid.UUID(int=1)
    moment = {True: MOMENT.replace(tzinfo=None), False: MOMENT}
    vars(botocore.auth)["get_current_datetime"] = lambda remove_tzinfo=True: moment[remove_tzinfo]
    session = botocore.session.get_session()
    clients: dict[tuple[str, str], Any] = {}
    for line in sys.stdin:
        sys.stdout.write(transcribe(session, clients, ast.literal_eval(line)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
