"""What holds for every test: no address but loopback, and nothing of the developer's own AWS set-up."""

from __future__ import annotations

import os

import hypothesis
import pytest

from tests.loopback import guard

# Time is no verdict on a machine that runs other tests beside; the examples are the same in every run.
hypothesis.settings.register_profile(
    "herald",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
# Ten times as many examples: `make test FLAGS=--hypothesis-profile=thorough`.
hypothesis.settings.register_profile("thorough", hypothesis.settings.get_profile("herald"), max_examples=1_000)
hypothesis.settings.load_profile("herald")


def pytest_configure(config: pytest.Config) -> None:
    """Set the guards before the first test module is imported."""
    patch = pytest.MonkeyPatch()
    guard(patch)
    for name in os.environ:
        if name.startswith(("AWS_", "BOTO", "HERALD_")) or name.lower().endswith("_proxy"):
            patch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG"):
        patch.setenv(name, os.devnull)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    config.add_cleanup(patch.undo)
