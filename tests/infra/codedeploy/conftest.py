"""The CodeDeploy simulator on a port of its own, reached by boto3 as AWS is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest

from ops.local.codedeploy.api import CodeDeploy
from ops.local.codedeploy.wire import Wire

if TYPE_CHECKING:
    from mypy_boto3_codedeploy import CodeDeployClient


@pytest.fixture
def endpoint() -> Iterator[str]:
    """URL of a fresh simulator."""
    wire = Wire(("127.0.0.1", 0), CodeDeploy())
    thread = threading.Thread(target=wire.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{wire.server_port}"
    wire.shutdown()
    wire.server_close()
    thread.join()


@pytest.fixture
def codedeploy(endpoint: str) -> CodeDeployClient:
    return boto3.client("codedeploy", endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test")
