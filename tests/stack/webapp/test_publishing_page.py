"""The snippets of docs/publishing.md, run as they stand there: each causes one mail, however often it is run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.npm import install
from tests.snippets import snippet
from tests.stack.conftest import Herald
from tests.stack.events import new_address
from tests.waiting import LIMIT

NODE = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The packages that the JavaScript snippet names."""
    return install(NODE, "npm")


def run_twice(herald: Herald, command: list[str], folder: Path) -> None:
    """Run a publisher two times for a new reader; one mail comes."""
    to, book = new_address(), uuid.uuid4().hex[:8]
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    for _ in range(2):
        done = subprocess.run(
            [*command, to, book],
            cwd=folder,
            env=environment | herald.names.settings(),
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", done.stdout)
    [mail] = herald.inbox.exactly(to, 1)
    assert "Momo" in mail["subject"]
    assert f"https://shop.example/books/{book}" in mail["text"]


def test_python(herald: Herald, tmp_path: Path) -> None:
    script = tmp_path / "publish.py"
    script.write_text(snippet("python", "Python"))
    run_twice(herald, [sys.executable, str(script)], tmp_path)


def test_javascript(herald: Herald, node_modules: Path) -> None:
    script = node_modules / "publish.mjs"
    script.write_text(snippet("javascript", "JavaScript"))
    run_twice(herald, ["node", str(script)], node_modules)


def test_http(herald: Herald, tmp_path: Path) -> None:
    script = tmp_path / "post.sh"
    script.write_text(f"set -euo pipefail\n{snippet('bash', 'Without an AWS SDK')}")
    run_twice(herald, ["bash", str(script)], tmp_path)
