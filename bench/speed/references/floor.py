"""The lower limit: three requests, signed by hand and sent over open connections; nothing is parsed, checked or
rendered.

The bodies are as long as Herald's.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Service", "handler"]

_REGION = os.environ["AWS_REGION"]
_KEY, _SECRET = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
_END = urlsplit(os.environ["AWS_ENDPOINT_URL"])
_TABLE_BODY = " " * 1500


def _compute_hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Service:
    """One service, reached over one keep-alive connection."""

    def __init__(self, name: str) -> None:
        self.name = name
        host, port = str(_END.hostname), _END.port
        https = _END.scheme == "https"
        self.connection: HTTPConnection = HTTPSConnection(host, port) if https else HTTPConnection(host, port)

    def post(self, path: str, body: bytes, target: str = "") -> bytes:
        """Sign and send one request; return the response's body."""
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers = {"host": _END.netloc, "x-amz-date": now} | ({"x-amz-target": target} if target else {})
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        canonical = f"POST\n{path}\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{now[:8]}/{_REGION}/{self.name}/aws4_request"
        key = f"AWS4{_SECRET}".encode()
        for part in scope.split("/"):
            key = _compute_hmac(key, part)
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = _compute_hmac(key, text).hex()
        signed = f"AWS4-HMAC-SHA256 Credential={_KEY}/{scope}, SignedHeaders={names}, Signature={signature}"
        self.connection.request("POST", path, body, headers | {"Authorization": signed})
        return self.connection.getresponse().read()


table, ses = Service("dynamodb"), Service("ses")


def handler(event: dict[str, Any], _context: Any) -> None:
    """Claim, send and record, ignoring all responses."""
    key = event["Records"][0]["Sns"]["MessageId"]
    claim = {"TransactItems": [{"Put": {"Item": {"pk": {"S": key}}, "x": _TABLE_BODY}}]}
    table.post("/", json.dumps(claim).encode(), "DynamoDB_20120810.TransactWriteItems")
    ses.post("/v2/email/outbound-emails", json.dumps({"to": key, "x": " " * 9000}).encode())
    record = {"Key": {"pk": {"S": key}}, "x": " " * 700}
    table.post("/", json.dumps(record).encode(), "DynamoDB_20120810.UpdateItem")
