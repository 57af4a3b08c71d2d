"""The notifications of a folder, compiled again when a file changes; if that fails, the last good result stays."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from function.errors import NotificationError
from function.message.attachments import read_references
from function.message.catalogue import Catalogue
from function.message.rendering import LARGEST_HTML, Content
from operations.errors import UserError
from package.errors import PackageError
from package.notifications.catalogue import UNSUBSCRIBE_URL, compile_catalogue, list_types, read_examples
from package.notifications.previews import list_headers

__all__ = ["LiveCatalogue"]


class LiveCatalogue:
    """A catalogue that several threads may use; one at a time compiles a change, and `version` grows with each. Mails
    are shown under the brand of a `tenant`, if one is named."""

    def __init__(self, notifications: Path, tenant: str | None = None) -> None:
        self._notifications, self._tenant = notifications, tenant
        self._catalogue: Catalogue | None = None
        self._lock, self._saving = threading.Lock(), threading.Lock()
        self.faults: list[str] = []
        self.version = 0

    def reload(self) -> None:
        """Compile the current files; `faults` lists what is wrong with them."""
        with self._lock, tempfile.TemporaryDirectory() as compiled:  # not shared: two studios may run at once
            try:
                self._catalogue, self.faults = compile_catalogue(Path(compiled), self._notifications), []
            except PackageError as error:
                self.faults = str(error).splitlines()
            except Exception as error:  # the watcher goes on: a file may vanish while it is read
                self.faults = [f"{self._notifications} could not be read: {type(error).__name__}: {error}"]
            finally:
                self.version += 1

    def describe(self) -> dict[str, Any]:
        """All notifications with languages, examples and schema, and the faults."""
        return {
            "version": self.version,
            "faults": self.faults,
            "largest": LARGEST_HTML,
            "notifications": {type_: self._describe(type_) for type_ in list_types(self._notifications)},
        }

    def write(self, type_: str, locale: str, data: Mapping[str, Any]) -> tuple[Content, dict[str, str]]:
        """Render the mail and its headers. Raises `UserError` with what is wrong with the data."""
        try:
            notification = self._require_catalogue().get(type_, self._tenant)
            notification.validate(data)
            if notification.attachments:
                read_references(data.get("attachments", []), None)
            link = UNSUBSCRIBE_URL if notification.subscription else None
            content = notification.render(data, locale, link)
        except NotificationError as error:
            raise UserError(str(error)) from None
        return content, list_headers(notification, data, content, link)

    def save(self, type_: str, example: str, data: Mapping[str, Any]) -> Path:
        """Replace the data of an existing example, atomically.

        Raises `UserError` if the schema refuses it or it cannot be encoded in UTF-8.
        """
        if type_ not in list_types(self._notifications) or example not in read_examples(type_, self._notifications):
            raise UserError(f"there is no example {example!r} of {type_!r}")
        try:
            self._require_catalogue().get(type_).validate(data)
        except NotificationError as error:
            raise UserError(str(error)) from None
        path = self._notifications / type_ / "examples" / f"{example}.json"
        try:
            text = f"{json.dumps(data, ensure_ascii=False, indent=2)}\n".encode()
        except UnicodeEncodeError as error:
            half = ascii(error.object[error.start])
            raise UserError(f"nothing was saved: the data has {half}, half of a character: write it anew") from None
        self._replace(path.resolve(), text)
        return path

    def _replace(self, path: Path, text: bytes) -> None:
        draft = path.with_name(f"{path.name}.draft")  # not taken for an example under this name
        with self._saving:
            try:
                draft.write_bytes(text)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)

    def _require_catalogue(self) -> Catalogue:
        if self._catalogue is None:
            raise UserError("no mail can be shown until the errors are fixed")
        return self._catalogue

    def _describe(self, type_: str) -> dict[str, Any]:
        folder = self._notifications / type_
        try:
            found = read_examples(type_, self._notifications)
            schema = json.loads((folder / "schema.json").read_text("utf-8"))
        except (PackageError, OSError, ValueError):
            found, schema = {}, {}
        locales = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name != "examples")
        return {"locales": locales, "examples": found, "schema": schema}
