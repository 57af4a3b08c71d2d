"""What holds for every test: no address but loopback, and nothing of the developer's own AWS set-up."""

from __future__ import annotations

import gc
import os
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
from botocore import loaders
from hypothesis.configuration import set_hypothesis_home_dir

from laptop.environment import GATE
from package import Package, build
from package.target import Architecture
from tests.documented.worst_case_clients import WorstCaseClients
from tests.documented.worst_case_clients import install as install_worst_case_clients
from tests.loopback import guard
from tests.package_builds import Packages, link_dependencies

#: Tests that meet a worst-case AWS in every run, unless they are marked `exact`.
_WORST_CASE = [Path(__file__).parent / name for name in ("documented", "integration", "stack/release", "unit")]
#: What `make test-slow` runs: whole folders, beside each test that is marked so or needs the packages for Lambda.
_SLOW = [
    Path(__file__).parent / name
    for name in ("browser", "infra/laptop", "stack/doctor", "stack/invocations", "stack/release", "stack/webapp")
]
_CLIENTS = WorstCaseClients()

# What Hypothesis keeps, too, lies in build/.
set_hypothesis_home_dir(Path(__file__).parents[1] / "build/hypothesis")
# Time is no verdict on a machine that runs other tests beside; the examples are the same in every run.
hypothesis.settings.register_profile(
    "herald",
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
# Four and forty times as many: `make test FLAGS=--hypothesis-profile=wide`, as `.ci/run --all` does.
hypothesis.settings.register_profile("wide", hypothesis.settings.get_profile("herald"), max_examples=100)
hypothesis.settings.register_profile("thorough", hypothesis.settings.get_profile("herald"), max_examples=1_000)
hypothesis.settings.load_profile("herald")


@cache
def _is_slow(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in _SLOW)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all tests of the packages for Lambda: each of the two takes half a minute of a processor."""
    for item in items:
        needs_packages = "packages" in getattr(item, "fixturenames", ())
        if needs_packages:
            item.add_marker(pytest.mark.xdist_group("packages"))
        if needs_packages or _is_slow(item.path):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """What is there before the first test stays to the end: no collection of garbage looks through it again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Nor what is left after the last one: pytest would look through all of it five times."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """The package for Lambda on either processor, as it is really built."""

    @cache
    def build_once(architecture: Architecture) -> Package:
        return build("cloud", architecture, out=link_dependencies(tmp_path_factory.mktemp(architecture)))

    return build_once


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--worst-case`: every test that is named meets a worst-case AWS, not only those of `_WORST_CASE`."""
    parser.addoption("--worst-case", action="store_true", help="AWS does no more than its documentation promises")


@pytest.hookimpl(tryfirst=True)  # before its fixtures
def pytest_runtest_setup(item: pytest.Item) -> None:
    """AWS promises a test only what is documented, and each test anew, if it is one of those that meet AWS."""
    among = item.config.getoption("worst_case") or any(item.path.is_relative_to(each) for each in _WORST_CASE)
    worst_case = among and not item.get_closest_marker("exact")
    _CLIENTS.begin(worst_case)
    if worst_case:
        os.environ[GATE] = "tests.documented.worst_case:keep_promised"
    else:
        os.environ.pop(GATE, None)


def pytest_configure(config: pytest.Config) -> None:
    """Set the guards before the first test module is imported."""
    install_worst_case_clients(_CLIENTS)
    patch = pytest.MonkeyPatch()
    guard(patch)
    for name in os.environ:
        if name.startswith(("AWS_", "BOTO", "HERALD_")) or name.lower().endswith("_proxy"):
            patch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "BOTO_CONFIG"):
        patch.setenv(name, os.devnull)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    patch.delenv(GATE, raising=False)
    _share_service_models(patch)
    _share_certificates(patch)
    config.add_cleanup(patch.undo)


def _share_service_models(patch: pytest.MonkeyPatch) -> None:
    """Read the models of services once: each session of botocore does anew, which takes longer than most tests."""
    models: dict[Any, Any] = {}

    def create_loader(search_path: str | None = None) -> loaders.Loader:
        loader = loaders.create_loader(search_path)
        if not search_path:
            vars(loader)["_cache"] = models
        return loader

    patch.setattr("botocore.session.create_loader", create_loader)


def _share_certificates(patch: pytest.MonkeyPatch) -> None:
    """Read the certificates that httpx believes once: each client does anew, which takes 60 ms of a processor."""
    patch.setattr("httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context))
