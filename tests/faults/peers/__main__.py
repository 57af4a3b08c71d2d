"""Runs the crash matrix for each peer, and prints one line of JSON for each. Started by `make faults`."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version

from tests.faults.fork_preparation import prepare_for_forks
from tests.faults.matrix import Subject
from tests.faults.peers.runner import describe_table, make_client, run_check_then_put
from tests.faults.points import Stage
from tests.faults.report import report


def main() -> None:
    """Run both peers."""
    sys.stdout.write(json.dumps(run_check_then_put()) + "\n")
    pipe, clock = prepare_for_forks()
    from tests.faults.peers.powertools import make_handlers  # after the clocks were replaced

    first, second = make_handlers(make_client(pipe, "dynamodb"), make_client(pipe, "sesv2"))
    stages = {
        Stage.CLAIM: ("PutItem", 1),
        Stage.SEND: ("SendEmail", 1),
        Stage.RECORD: ("UpdateItem", 1),
        Stage.RELEASE: ("DeleteItem", 1),
    }
    both = {"notify@r1": first, "notify@r2": second}
    name = f"Powertools Idempotency {version('aws-lambda-powertools')} around a plain send"
    peer = Subject(name, both, stages, ("idempotency", "id"), describe_table, pipe, clock)
    sys.stdout.write(json.dumps(report(peer)) + "\n")


if __name__ == "__main__":
    main()
