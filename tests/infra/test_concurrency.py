"""Terraform reserves what the simulation's formula says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest

from herald.capacity.concurrency import Concurrency, reserve
from herald.terraform.runner import INFRA

_FUNCTIONS = (INFRA / "modules" / "notifier" / "functions.tf").read_text()

RATES = (0.1, 0.5, 1, 1.1, 3, 7, 14, 14.3, 25, 50, 77, 100, 333, 1000, 4000, 10_000)
SECONDS = (0.001, 0.07, 0.1, 0.12, 0.2, 0.25, 0.3, 0.35, 0.7, 1, 1.7, 10, 60)
RETRIES = (None, 2, 10, 1000)


def expression(name: str) -> str:
    """What the module says of one local, with the locals that it mentions put in."""
    found = re.search(rf"^  {name} += (.+)$", _FUNCTIONS, re.M)
    assert found, f"functions.tf has no local {name}"
    return re.sub(r"local\.(\w+)", lambda other: f"({expression(other[1])})", found[1])


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_terraforms_expression_and_the_formula_agree(tmp_path: Path) -> None:
    cases = list(product(RATES, SECONDS, RETRIES))
    text = f"[{expression('concurrency')}, {expression('retry_concurrency')}]"
    for number, variable in enumerate(("send_rate", "seconds_per_send", "retry_concurrency")):
        text = text.replace(f"var.{variable}", f"case[{number}]")
    asked = f"jsonencode([for case in {json.dumps(cases)} : {text}])"
    done = subprocess.run(
        ["terraform", "console"],
        input=asked,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(json.loads(done.stdout))
    assert [Concurrency(*one) for one in told] == [reserve(*case) for case in cases]


def test_that_is_what_the_functions_and_the_mapping_get() -> None:
    queues = (INFRA / "modules" / "notifier" / "queues.tf").read_text()
    assert re.search(r"notify\s+= \{.*reserved = var\.reserve_concurrency \? local\.concurrency : -1,", _FUNCTIONS)
    assert "maximum_concurrency = local.retry_concurrency" in queues


@pytest.mark.parametrize("name", ["concurrency", "retry_concurrency"])
def test_the_expressions_hang_on_nothing_else(name: str) -> None:
    used = set(re.findall(r"var\.(\w+)", expression(name)))
    assert used <= {"send_rate", "seconds_per_send", "retry_concurrency"}
