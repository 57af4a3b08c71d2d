"""What the processes of the laptop cloud see of the caller's environment: nothing that could point at AWS."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from laptop.state import ROOT

__all__ = [
    "ACCOUNT",
    "GATE",
    "REGION",
    "build_child_environment",
    "build_client_settings",
    "is_foreign",
    "remove_foreign_settings",
]

#: Names `module:function` of what every answer of a simulator goes through as well: see laptop/service_model.py.
GATE = "LAPTOP_GATE"
REGION = "us-east-1"
ACCOUNT = "000000000000"
#: What runs in the cloud waits for its emulator so many times as long as for AWS: a busy machine looks like no outage.
TIMEOUT_FACTOR = "10"
KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", GATE)


def is_foreign(name: str) -> bool:
    """Whether a variable is the user's own AWS, Herald or proxy setting."""
    return name.startswith(("AWS_", "BOTO_", "HERALD_")) or name.lower().endswith("_proxy")


def build_client_settings(endpoints: Mapping[str, str]) -> dict[str, str]:
    """What points any AWS client at the laptop cloud, and at nothing else; the keys are no secret."""
    return {
        "AWS_ENDPOINT_URL": endpoints["aws"],
        "AWS_ENDPOINT_URL_SESV2": endpoints["ses"],
        "AWS_ENDPOINT_URL_CODEDEPLOY": endpoints["codedeploy"],
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "laptop",
        "AWS_SECRET_ACCESS_KEY": "laptop",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def build_child_environment(endpoints: Mapping[str, str], home: Path, tmp: Path) -> dict[str, str]:
    """The whole environment of one process of the laptop cloud."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {
        **kept,
        **build_client_settings(endpoints),
        "HOME": str(home),
        "TMPDIR": str(tmp),
        "HERALD_TIMEOUT_FACTOR": TIMEOUT_FACTOR,
        "PYTHONUNBUFFERED": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONPYCACHEPREFIX": str(ROOT / "build" / "pycache"),
    }


def remove_foreign_settings(environment: MutableMapping[str, str]) -> None:
    """Take the user's own AWS and proxy settings out of this process."""
    for name in [name for name in environment if is_foreign(name)]:
        del environment[name]
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG"):
        environment[name] = os.devnull
    environment["AWS_EC2_METADATA_DISABLED"] = "true"
