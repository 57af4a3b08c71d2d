"""The releases of a rehearsal: the real package with a release id of its own and, in most, a fault.

The faults are never in a released package: they are written into a copy of the laptop's zip.
"""

from __future__ import annotations

import json
import zipfile
from enum import Enum
from pathlib import Path

from release.lambda_versions.publish import Artifact

__all__ = ["ReleaseFault", "make_variant", "rewrite"]

#: About a third of the mails crash: half of these before the claim, the other half after SES accepted the mail and
#: before the ledger knows. Synthetic mails are spared, or the hook would notice: the alarm is there for what no hook
#: finds.
_THROWS = """

import hashlib as _hashlib

import function.message.builder as _builder
import function.providers.ses.client as _ses

_finish, _send = _builder.EmailBuilder.finish, _ses.SesProvider.send


def _is_hit(name):
    return int(_hashlib.sha256(name.encode()).hexdigest(), 16) % 6 == 0


def _crash():
    raise ZeroDivisionError("a fault that was put in for the rehearsal")


def _rehearsed_finish(self, draft, *more, **named):
    if draft.event and not draft.synthetic and _is_hit(draft.event.id):
        _crash()
    return _finish(self, draft, *more, **named)


def _rehearsed_send(self, email, key):
    receipt = _send(self, email, key)
    if not email.tags and _is_hit(key):
        _crash()
    return receipt


_builder.EmailBuilder.finish, _ses.SesProvider.send = _rehearsed_finish, _rehearsed_send
"""
#: One mail in twenty is rejected permanently and becomes a dead letter. No run fails, so no alarm goes off.
_WRONG = """

import hashlib as _hashlib

import function.errors as _errors
import function.message.builder as _builder

_finish = _builder.EmailBuilder.finish


def _rehearsed_finish(self, draft, *more, **named):
    if draft.event and not draft.synthetic and int(_hashlib.sha256(draft.event.id.encode()).hexdigest(), 16) % 20 == 0:
        raise _errors.RefusedForGood("a fault that was put in for the rehearsal")
    return _finish(self, draft, *more, **named)


_builder.EmailBuilder.finish = _rehearsed_finish
"""
#: Every mail is delayed. Those of the hook are delayed less, and still sent in time.
_SLOW = """

import time as _time

import function.message.builder as _builder

_finish = _builder.EmailBuilder.finish


def _rehearsed_finish(self, draft, *more, **named):
    _time.sleep(0.1 if draft.synthetic else 4)
    return _finish(self, draft, *more, **named)


_builder.EmailBuilder.finish = _rehearsed_finish
"""
#: Fails only a mail that is not sent during the rehearsal: only a hook that tries all notifications finds it.
_ONE_LANGUAGE = """

import function.message.builder as _builder

_finish = _builder.EmailBuilder.finish


def _rehearsed_finish(self, draft, *more, **named):
    if draft.event and draft.type == "book.deleted" and draft.event.data["recipient"]["locale"].startswith("de"):
        raise KeyError("a fault that was put in for the rehearsal")
    return _finish(self, draft, *more, **named)


_builder.EmailBuilder.finish = _rehearsed_finish
"""
_BAD_FEEDBACK = """

handler = lambda *_: 1 / 0
"""
_DOES_NOT_START = """

raise RuntimeError("a fault that was put in for the rehearsal: this version does not start")
"""


class ReleaseFault(Enum):
    """The fault of a release: its name in the release id, the module that is changed, and the code appended to it."""

    NONE = ("good", "function/delivery/outcome.py", "\n# Rehearsed: nothing is wrong with this one.\n")
    THROWS = ("throws", "function/notify.py", _THROWS)
    DOES_NOT_START = ("broken", "function/notify.py", _DOES_NOT_START)
    BAD_FEEDBACK = ("feedback", "function/feedback.py", _BAD_FEEDBACK)
    ONE_LANGUAGE = ("german", "function/notify.py", _ONE_LANGUAGE)
    WRONG = ("wrong", "function/notify.py", _WRONG)
    SLOW = ("slow", "function/notify.py", _SLOW)
    NO_TRAFFIC = ("quiet", "function/delivery/outcome.py", "\n# Rehearsed: nothing is wrong with this one either.\n")

    @property
    def word(self) -> str:
        """The fault's part of the release id."""
        return str(self.value[0])


def make_variant(package: Path, fault: ReleaseFault, folder: Path) -> Artifact:
    """Create a copy of a package with this fault, and a release id that names it."""
    return rewrite(package, *fault.value, folder)


def rewrite(package: Path, word: str, module: str, addition: str, folder: Path) -> Artifact:
    """Create a copy of a package with code appended to one module; `word` becomes part of its release id."""
    bytecode = str(Path(module).parent / "__pycache__" / f"{Path(module).stem}.")
    out = folder / f"{word}.zip"
    with zipfile.ZipFile(package) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy:
        manifest = json.loads(source.read("manifest.json"))
        manifest["release"] = f"{manifest['release'][:8]}-{word}"
        changed = {
            "manifest.json": json.dumps(manifest).encode(),
            module: source.read(module) + addition.encode(),
        }
        for entry in source.infolist():
            if not entry.filename.startswith(bytecode):
                copy.writestr(entry, changed.get(entry.filename) or source.read(entry), compresslevel=1)
    return Artifact(out, manifest["release"])
