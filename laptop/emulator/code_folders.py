"""Unpacks each package only once, and shares the folder between sandboxes: they only read it, as on Lambda.

ministack unpacks it for every sandbox: three thousand files for a function of the web app, which takes longer than
everything that the function then does.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from laptop.emulator.patches import Ministack

__all__ = ["CodeFolders"]

#: The folder in a sandbox into which ministack unpacks the code; layers go into others.
_CODE = "code"


class CodeFolders:
    """Replaces `zipfile.ZipFile` in ministack's sandboxes by a class that unpacks each package once."""

    def __init__(self, ministack: Ministack) -> None:
        folders, lock = Path(tempfile.mkdtemp(prefix="lambda-code-")), threading.Lock()

        class LinkingZipFile(zipfile.ZipFile):
            """An archive whose `extractall` links to the folder into which the package was first unpacked."""

            def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
                if path is None or Path(path).name != _CODE or self.filename is None:
                    super().extractall(path, members, pwd)
                    return
                with Path(self.filename).open("rb") as packed:
                    folder = folders / hashlib.file_digest(packed, "sha256").hexdigest()
                with lock:
                    if not folder.exists():
                        partly = folder.with_suffix(".part")
                        shutil.rmtree(partly, ignore_errors=True)
                        super().extractall(partly, members, pwd)
                        partly.rename(folder)
                Path(path).rmdir()
                Path(path).symlink_to(folder, target_is_directory=True)

        ministack.replace_archive(SimpleNamespace(**{**vars(zipfile), "ZipFile": LinkingZipFile}))
