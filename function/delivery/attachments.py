"""Fetches the files of a mail before it is claimed, as does everything else that can fail by itself.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html: without permission to list the bucket, S3 answers
*access denied* for a missing object.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from function.errors import AttachmentUnavailable
from function.message.attachments import LARGEST
from function.message.email import Attachment, AttachmentReference
from function.reason_codes import ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["Attachments"]

#: Bytes that are read at once.
_PIECE = 1_000_000


@dataclass(frozen=True, slots=True)
class Attachments:
    """Reads objects from S3 with the botocore client `s3`; `clock` returns epoch milliseconds."""

    s3: Any
    clock: Callable[[], int]

    def fetch(self, references: Sequence[AttachmentReference], until: int) -> tuple[Attachment, ...]:
        """Return the files, after checking their hashes and their total size.

        Raises AttachmentUnavailable for the first file that is missing, different or too large, or if reading takes
        longer than `until` (epoch milliseconds). Nothing was sent then, and the object can still be corrected.
        """
        files: list[Attachment] = []
        for number, one in enumerate(references):
            room = LARGEST - sum(len(file.content) for file in files)
            content = self._read(one, f"attachment {number}", room, until)
            if hashlib.sha256(content).hexdigest() != one.sha256:
                line = f"attachment {number} does not match its sha256: put the object there that the event names"
                raise AttachmentUnavailable(line, ReasonCode.ATTACHMENT_CHANGED)
            files.append(Attachment(one.name, one.type, content))
        return tuple(files)

    def _read(self, one: AttachmentReference, what: str, room: int, until: int) -> bytes:
        version = {"VersionId": one.version} if one.version else {}
        try:
            answer = self.s3.get_object(Bucket=one.bucket, Key=one.key, **version)
            body = answer["Body"]
            try:
                if answer["ContentLength"] > room:
                    raise _make_too_large(what)
                return self._read_body(body, what, room, until)
            finally:
                body.close()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "no code")
            line = f"{what} is not there, or notify may not read it: S3 answered {code} (bucket {one.bucket})"
            raise AttachmentUnavailable(line) from None
        except BotoCoreError as error:
            line = f"{what} could not be read: {type(error).__name__} (bucket {one.bucket})"
            raise AttachmentUnavailable(line) from None

    def _read_body(self, body: Any, what: str, room: int, until: int) -> bytes:
        """Read the object in pieces, without relying on the length that S3 announced."""
        pieces: list[bytes] = []
        while piece := body.read(_PIECE):
            pieces.append(piece)
            if sum(map(len, pieces)) > room:
                raise _make_too_large(what)
            if self.clock() > until:
                raise AttachmentUnavailable(f"{what} was read too slowly to be sent in this invocation")
        return b"".join(pieces)


def _make_too_large(what: str) -> AttachmentUnavailable:
    line = f"{what} is too large: all attachments together may have {LARGEST} bytes"
    return AttachmentUnavailable(line, ReasonCode.ATTACHMENT_TOO_LARGE)
