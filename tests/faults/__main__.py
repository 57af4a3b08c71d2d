"""`make faults`: Herald's crash matrix under both of its policies, and the peers' beside it."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.faults.figures import matrix_figures, read_committed
from tests.faults.policies import matrix_of
from tests.faults.report import LEGEND

_ROOT = Path(__file__).parents[2]
_OUT = _ROOT / "build" / "faults.json"
_COMPILE = """
from pathlib import Path
from package.notifications.catalogue import compile_catalogue
compile_catalogue(Path({!r}))
"""


def main() -> int:
    """Print the tables, write the JSON; 1 if any cell of Herald's breaks the promise, or if README says otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("peers", nargs="?", help="the Python of the peers' environment; without it, Herald alone")
    options = parser.parse_args()
    began = time.monotonic()
    compiled = _ROOT / "build" / "faults" / "compiled"
    subprocess.run([sys.executable, "-c", _COMPILE.format(str(compiled))], cwd=_ROOT, check=True)
    with ThreadPoolExecutor(1) as beside, ProcessPoolExecutor(2, get_context("spawn")) as pool:
        peers = beside.submit(_run_peers, options.peers)
        found = list(pool.map(matrix_of, [compiled] * 2, ["resend", "hold"]))
        found += [json.loads(line) for line in peers.result()]
    broken = sum(cell["fault"] is not None for one in found[:2] for cell in one["cells"])
    result = {"seconds": round(time.monotonic() - began, 1), "broken": broken, "subjects": found}
    _OUT.write_text(json.dumps(result, indent=1) + "\n")
    _tell(result)
    return 1 if broken or not _as_readme_says(result) else 0


def _as_readme_says(result: dict[str, Any]) -> bool:
    """Whether each subject came out as README's tables have it."""
    said = read_committed()["matrix"]
    other = [name for name, figures in matrix_figures(result).items() if said.get(name) != figures]
    if other:
        sys.stdout.write(
            f"README says otherwise of {' and '.join(other)}: run make guarantees, and look at the change\n"
        )
    return not other


def _run_peers(python: str | None) -> list[str]:
    """The peers have an environment of their own, whose interpreter is named on the command line."""
    if python is None:
        return []
    answer = subprocess.run(
        [python, "-m", "tests.faults.peers"], stdout=subprocess.PIPE, text=True, cwd=_ROOT, check=True
    )
    return answer.stdout.splitlines()


def _tell(result: dict[str, Any]) -> None:
    sys.stdout.write(LEGEND + "\n")
    for one in result["subjects"]:
        sys.stdout.write("\n" + "\n".join(one["table"]) + "\n")
    verdict = f"{result['broken']} cells are broken" if result["broken"] else "every cell of Herald's keeps the promise"
    sys.stdout.write(f"\n{result['seconds']} s; {verdict}\n")


if __name__ == "__main__":
    sys.exit(main())
