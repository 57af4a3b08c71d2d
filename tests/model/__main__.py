"""`make model`: every scenario under Herald's own code, then every seeded fault. Exit code 1 if a promise breaks."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.model.scenarios import SCENARIOS, find_scenario
from tests.model.search import Counterexample, Explored
from tests.model.seeded_faults import SEEDED_FAULTS

_REPORT = Path("build/model.json")


def explore(number: int) -> Explored | str:
    """A scenario under Herald's own code: what was seen, or the counterexample."""
    try:
        return SCENARIOS[number].explore()
    except Counterexample as found:
        return str(found)


def catch(number: int) -> tuple[str, str] | None:
    """The scenario that must find a seeded fault, and the promise that it broke; None: it went unseen."""
    seed = SEEDED_FAULTS[number]
    try:
        find_scenario(seed.within).explore(seed.code)
    except Counterexample as found:
        return seed.within, found.promise
    return None


def main() -> int:
    """Explore, print, and write `build/model.json`."""
    console = Console(soft_wrap=False)
    order = sorted(range(len(SCENARIOS)), key=lambda number: not SCENARIOS[number].large)
    with ProcessPoolExecutor(2) as pool:
        runs = {number: pool.submit(explore, number) for number in order}
        seeds = {number: pool.submit(catch, number) for number in range(len(SEEDED_FAULTS))}
        results = {}
        for number in order:
            results[number] = runs[number].result()
            console.print(f"  explored: {SCENARIOS[number].name}", style="dim")
        found = {number: seeds[number].result() for number in seeds}
    good = _print_scenarios(console, results) and _print_seeds(console, found)
    _REPORT.parent.mkdir(exist_ok=True)
    _REPORT.write_text(json.dumps(_report(results, found), indent=2))
    console.print(f"[bold]{'every promise holds' if good else 'a promise is broken'}[/], see {_REPORT}")
    return 0 if good else 1


def _print_scenarios(console: Console, results: dict[int, Explored | str]) -> bool:
    table = Table("Scenario", "States", "Moves", "Ends", "Seconds", title="Herald's own code")
    seen = [result for result in results.values() if isinstance(result, Explored)]
    for number in sorted(results):
        result = results[number]
        if isinstance(result, Explored):
            figures = (f"{result.states:,}", f"{result.moves:,}", f"{result.ends:,}", f"{result.seconds:.1f}")
            table.add_row(SCENARIOS[number].name, *figures)
        else:
            table.add_row(SCENARIOS[number].name, "[red]broken", "", "", "")
    table.add_row("all", f"{sum(r.states for r in seen):,}", f"{sum(r.moves for r in seen):,}", "", "", style="bold")
    console.print(table)
    for number, result in results.items():
        if isinstance(result, str):
            console.print(f"[red]{SCENARIOS[number].name}[/]: {result}")
    return len(seen) == len(results) and all(result.ends for result in seen)


def _print_seeds(console: Console, found: dict[int, tuple[str, str] | None]) -> bool:
    table = Table("Seeded fault", "Promise that it broke", "Found in", title="Faults seeded one at a time")
    for number, where in sorted(found.items()):
        table.add_row(SEEDED_FAULTS[number].fault, where[1] if where else "[red]unseen", where[0] if where else "")
    console.print(table)
    return all(found.values())


def _report(results: dict[int, Explored | str], found: dict[int, tuple[str, str] | None]) -> dict[str, object]:
    scenarios = {
        SCENARIOS[number].name: {"states": result.states, "moves": result.moves, "ends": result.ends}
        if isinstance(result, Explored)
        else {"broken": result}
        for number, result in results.items()
    }
    return {"scenarios": scenarios, "seeds": {SEEDED_FAULTS[number].fault: where for number, where in found.items()}}


if __name__ == "__main__":
    sys.exit(main())
