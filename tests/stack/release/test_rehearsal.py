"""The rehearsal as anybody runs it, smaller: it must keep every promise."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from laptop.state import ROOT
from tests.waiting import LIMIT

#: All but the two that the figures take back, which takes several hundred events: `make rehearse` has them, too.
RELEASES = ("good", "throws", "broken", "feedback", "german", "quiet")


@pytest.mark.exact  # as anybody runs it
@pytest.mark.timeout(3000)  # six releases, on a busy machine
@pytest.mark.xdist_group("rehearsal")
def test_releases_under_load_good_and_bad_lose_no_mail_and_send_none_twice() -> None:
    chosen = [word for release in RELEASES for word in ("--only", release)]
    command = [sys.executable, "-m", "herald", "rehearse", "--events", "60", *chosen]
    environment = {**os.environ, "COLUMNS": "80"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=8 * LIMIT, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert done.stdout.endswith("Every promise was kept.\n")
    counted = re.search(r"^(\d+) events, (\d+) mails: 0 events without one, 0 with more than one\.$", done.stdout, re.M)
    assert counted, done.stdout[-2000:]
    assert counted[1] == counted[2]
    assert int(counted[1]) >= 60
    table = done.stdout.partition("What each version did")[2].splitlines()
    assert max(map(len, table)) <= 80
    assert "…" not in "".join(table)
    ends = [re.split(r"  +", line.strip())[-1] for line in table if re.match(r" {1,6}\d+  ", line)]
    assert ends[2] in ("rolled back: alarm", "rolled back: figures")
    hook = "rolled back: hook"
    assert [*ends[:2], *ends[3:]] == ["was live", "released", hook, hook, hook, "inconclusive"]
    assert re.search(r"proved by 39 synthetic and 0 real mails", done.stdout)
