"""A package is unpacked once, however many sandboxes run it: they only read it, as on Lambda.

ministack unpacks it again for each sandbox: three thousand files for one of the web app's functions, more work than all
that the function then does.
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

#: The folder of a sandbox that its code is unpacked to; its layers go to others.
_CODE = "code"


class CodeFolders:
    """Puts an archive that unpacks once into the place of `zipfile.ZipFile` in ministack's sandboxes."""

    def __init__(self, ministack: Ministack) -> None:
        folders, lock = Path(tempfile.mkdtemp(prefix="lambda-code-")), threading.Lock()

        class Archive(zipfile.ZipFile):
            """A package: `extractall` links the folder that it was unpacked to the first time."""

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

        ministack.replace_archive(SimpleNamespace(**{**vars(zipfile), "ZipFile": Archive}))
