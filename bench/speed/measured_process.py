"""The program of a measured process: loads a handler, then carries out requests from standard input, one JSON line
each.

Started with `-I -S`, so that before the first timestamp nothing is imported but what the interpreter itself needs.
"""

from __future__ import annotations

import sys
import time

BOOTED = time.process_time()


def main() -> None:
    """Import the handler, report the time that took, then measure batches until standard input ends."""
    import json  # noqa: PLC0415  after the mark: the handlers import it too
    import os  # noqa: PLC0415  the same

    settings = json.loads(sys.argv[1])
    if settings.get("collect"):
        import gc  # noqa: PLC0415  the same

        gc.disable = lambda: None
        gc.freeze = lambda: None
    sys.path[:0] = settings["path"]
    os.environ.update(settings["environment"])
    answers = os.fdopen(os.dup(1), "w")
    log = os.open(settings["log"], os.O_CREAT | os.O_TRUNC | os.O_RDWR)
    os.dup2(log, 1)

    began, cpu = time.perf_counter(), time.process_time()
    if settings.get("apart"):
        _take_apart(settings["apart"])
    module, _, name = settings["handler"].partition(":")
    __import__(module)
    handler = getattr(sys.modules[module], name)
    init = {
        "boot_cpu": BOOTED * 1000,
        "init_wall": _measure_since(began),
        "init_cpu": (time.process_time() - cpu) * 1000,
    }
    init["modules"] = len(sys.modules)
    answers.write(json.dumps(init) + "\n")
    answers.flush()
    if settings.get("idle"):
        vars(sys.modules["function.providers.ses.client"])["_LONGEST_IDLE"] = -1.0  # connections are never reused

    sys.path.append(settings["root"])
    from bench.speed import batches  # noqa: PLC0415  after the handler was imported

    for line in sys.stdin:
        answers.write(json.dumps(batches.measure(handler, json.loads(line), log)) + "\n")
        answers.flush()


def _take_apart(lever: str) -> None:
    """Replace one part of the function by its plain form, to measure the difference."""
    import contextlib  # noqa: PLC0415  only where a lever is measured

    from function import bootstrap  # noqa: PLC0415  after sys.path was set
    from function.runtime import fast_client, tls  # noqa: PLC0415  the same

    if lever == "tls":
        vars(tls)["TlsContext"].share = lambda _: contextlib.nullcontext()
    elif lever == "fast_client":
        for module in (fast_client, bootstrap):
            vars(module)["FastClient"] = lambda client, *_: client
    elif lever == "late":
        vars(bootstrap)["LazyClient"] = lambda make: make()
    else:
        raise SystemExit(f"no part of the function is called {lever}")


def _measure_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
