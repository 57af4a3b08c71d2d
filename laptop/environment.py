"""The environment variables of the laptop cloud's processes: none of the caller's that could point to AWS."""

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

#: The variable that names a function, as `module:function`, that changes every response of a simulator; see
#: laptop/model_validation.py.
GATE = "LAPTOP_GATE"
REGION = "us-east-1"
ACCOUNT = "000000000000"
#: The factor on the timeouts of the cloud's processes, so that a busy machine does not look like an outage of AWS.
TIMEOUT_FACTOR = "10"
KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", GATE)


def is_foreign(name: str) -> bool:
    """Return whether a variable is one of the user's own AWS, Herald or proxy settings."""
    return name.startswith(("AWS_", "BOTO_", "HERALD_")) or name.lower().endswith("_proxy")


def build_client_settings(endpoints: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that point AWS clients only to the laptop cloud; the keys are not secret."""
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
    """Return the complete environment of a process of the laptop cloud."""
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
    """Remove the user's own AWS, Herald and proxy settings from an environment."""
    for name in [name for name in environment if is_foreign(name)]:
        del environment[name]
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG"):
        environment[name] = os.devnull
    environment["AWS_EC2_METADATA_DISABLED"] = "true"
