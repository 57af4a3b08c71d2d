"""`make guarantees`: copies what `make faults` and `make soak` measured into `tests/faults/measured.json`, and writes
the tables of README.md and docs/peers.md from it. Nothing between their markers is written by hand."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.faults.figures import COMMITTED, MEASURED, ROOT, SOAKED, matrix_figures, read_committed, soak_figures
from tests.faults.guarantees import GUARANTEES, Guarantee

__all__ = ["PAGES", "render_page"]


def main() -> int:
    """Write the figures and the tables."""
    found = {
        "matrix": matrix_figures(json.loads(MEASURED.read_text("utf-8"))),
        "soak": soak_figures(json.loads(SOAKED.read_text("utf-8"))),
        "kills": read_committed()["kills"],
    }
    COMMITTED.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    for path in PAGES:
        path.write_text(render_page(path, found), "utf-8")
    sys.stdout.write(f"written: {', '.join(str(path.relative_to(ROOT)) for path in (COMMITTED, *PAGES))}\n")
    return 0


def render_page(path: Path, found: dict[str, Any]) -> str:
    """A page with its tables rendered from the figures."""
    text = path.read_text("utf-8")
    for name, render in PAGES[path].items():
        marked = re.compile(rf"(<!-- {name}: [^>]*-->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not marked.search(text):
            raise SystemExit(
                f"{path.name} has no place for {name}: put <!-- {name}: … --> and <!-- /{name} --> into it"
            )
        content = "\n".join(render(found))
        text = marked.sub(lambda match, content=content: f"{match[1]}{content}\n{match[2]}", text)  # type: ignore[misc]
    return text


def _guarantees(found: dict[str, Any]) -> Iterator[str]:
    """Each failure, what happens, and what proves it."""
    ours = {name: points for name, points in found["matrix"].items() if name.startswith("Herald")}
    yield "| failure | what happens | proved by |"
    yield "|---|---|---|"
    for row in GUARANTEES:
        yield f"| {row.failure} | {row.outcome} | {_proof(row, ours, found['kills'])} |"


def _proof(row: Guarantee, ours: dict[str, Any], kills: dict[str, int]) -> str:
    file, _, test = row.proof.partition("::")
    if file.startswith("make "):
        return f"[`{file}`](tests/model/scenarios.py)"
    link = f"[`{test or Path(file).name}`]({file})"
    if row.kills:
        return f"{link}; in {kills[row.kills]} kills of its own"
    counts = _sum(ours, row.covers)
    if not counts["cells"]:
        return link
    broken = counts["lost"] + counts["duplicated"] + counts["silent"]
    return f"{link}; {counts['cells']} cells of the crash matrix, {broken or 'none'} broken"


def _matrix(found: dict[str, Any]) -> Iterator[str]:
    """All cells of each subject."""
    yield "| | cells | lost | sent twice against its policy | silent |"
    yield "|---|---|---|---|---|"
    for name, points in found["matrix"].items():
        counts = _sum({name: points}, lambda *_: True)
        said = " | ".join(str(counts[what]) for what in ("cells", "lost", "duplicated", "silent"))
        yield f"| {name} | {said} |"


def _soak(found: dict[str, Any]) -> Iterator[str]:
    """The soak's numbers in a sentence."""
    soak = found["soak"]
    totals, mishaps = soak["totals"], soak["mishaps"]
    kills = sum(count for what, count in mishaps.items() if what.startswith("killed"))
    yield (
        f"`make soak`: {soak['events']:,} events through {sum(mishaps.values()):,} mishaps, {kills:,} of them kills: "
        f"{totals['exactly one mail']:,} times exactly one mail, "
        f"{totals['no mail, and a letter with its reason']:,} times none and a dead letter with the reason, "
        f"{totals['one mail, and a letter that asks about it']:,} times one mail and a dead letter to decide on, "
        f"{totals.get('two mails, as the limits say', 0):,} times two mails that the limits explain; "
        f"{soak['broken'] or 'none'} lost, sent twice otherwise, or silent."
    )


def _compare_subjects(found: dict[str, Any]) -> Iterator[str]:
    """Each crash point, all subjects beside each other."""
    names = list(found["matrix"])
    yield f"| crash point | {' | '.join(names)} |"
    yield "|---" * (len(names) + 1) + "|"
    for point in next(iter(found["matrix"].values())):
        cells = (_sum({name: found["matrix"][name]}, lambda one, _: one == point) for name in names)  # noqa: B023
        yield f"| {point} | {' | '.join(map(_verdict, cells))} |"


def _verdict(counts: Counter[str]) -> str:
    if not counts["cells"]:
        return "-"
    wrong = [f"{counts[what]} {said}" for what, said in _WRONG.items() if counts[what]]
    by_policy = counts["several"] - counts["duplicated"]
    policy = f", {by_policy} resent by policy" if by_policy else ""
    return f"{', '.join(wrong)} of {counts['cells']}" if wrong else f"{counts['cells']} kept{policy}"


_WRONG = {"lost": "lost", "duplicated": "twice", "silent": "silent"}


def _sum(subjects: dict[str, Any], wanted: Callable[[str, str], bool]) -> Counter[str]:
    total: Counter[str] = Counter()
    for points in subjects.values():
        for point, agains in points.items():
            for again, counts in agains.items():
                if wanted(point, again):
                    total.update(counts)
    return total


#: What is rendered, by page and by the name of its markers.
PAGES: dict[Path, dict[str, Callable[[dict[str, Any]], Iterator[str]]]] = {
    ROOT / "README.md": {"guarantees": _guarantees, "matrix": _matrix, "soak": _soak},
    ROOT / "docs" / "peers.md": {"side-by-side": _compare_subjects},
}

if __name__ == "__main__":
    sys.exit(main())
