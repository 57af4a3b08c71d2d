"""The folder to which a laptop cloud writes: locked while it runs, deleted when it stops."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from pathlib import Path

from operations.errors import UserError

__all__ = ["DEFAULT_STATE", "ROOT", "StateFolder", "find_descriptor"]

ROOT = Path(__file__).resolve().parents[1]
#: The state folder of `make run`.
DEFAULT_STATE = ROOT / "build" / "local"
MARKER = ".herald-laptop-cloud"
#: Maximum seconds to wait for another cloud that is stopping.
SETTLE_SECONDS = 300.0


def find_descriptor(folder: Path) -> Path:
    """Return the path of the descriptor beside a state folder: `build/local.json` for `build/local`."""
    folder = folder.resolve()
    return folder.with_name(folder.name + ".json")


class StateFolder:
    """A state folder, locked with `flock`: a second cloud in the same folder is rejected, the files of a dead one are
    not.

    Raises `UserError` if another cloud runs there, or if the folder contains anything that a laptop cloud did not
    create, because it will be deleted.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.lock = self._acquire()
        (self.folder / MARKER).touch()
        self.logs, self.home, self.tmp = (self._make_empty(name) for name in ("logs", "home", "tmp"))

    @property
    def descriptor(self) -> Path:
        """The path of the JSON file that describes this cloud."""
        return find_descriptor(self.folder)

    def close(self) -> None:
        """Release the lock; the supervisor holds the same lock until it has deleted the folder."""
        os.close(self.lock)

    def _acquire(self) -> int:
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            self._make()
            lock = os.open(self.folder, os.O_RDONLY)
            if self._try_lock(lock) and self._is_current(lock):
                self._require_ours(lock)
                return lock
            os.close(lock)
            if self.descriptor.exists() or time.monotonic() > deadline:
                raise UserError(
                    f"a laptop cloud already runs in {self.folder}: use it (make env), stop it, or start another "
                    "with --state-dir"
                )
            time.sleep(0.1)  # a cloud that is stopping has deleted its descriptor, and is about to delete the folder

    def _make(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise UserError(f"{self.folder} cannot be made ({problem.strerror}): name another --state-dir") from None

    def _try_lock(self, lock: int) -> bool:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _is_current(self, lock: int) -> bool:
        try:
            return os.path.samestat(self.folder.stat(), os.fstat(lock))
        except FileNotFoundError:
            return False

    def _require_ours(self, lock: int) -> None:
        content = {entry.name for entry in self.folder.iterdir()}
        if content and MARKER not in content:
            os.close(lock)
            raise UserError(
                f"{self.folder} is not empty and not a laptop cloud's: it would be deleted when the cloud stops, "
                "so name a folder that does not exist yet"
            )

    def _make_empty(self, name: str) -> Path:
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder
