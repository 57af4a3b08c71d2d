"""A release of a setting without code, and two people who release at once."""

from __future__ import annotations

import pytest

from operations.errors import UserError
from release.companions import list_companions
from release.follow import follow
from release.progress.outcome import ReleaseOutcome
from release.release import plan, start
from release.rollback import stop
from release.versions import list_versions, read_code_hash
from tests.stack.release.conftest import LONG_CANARY, Desk, Recorder
from tests.waiting import eventually


def test_a_setting_goes_live_with_the_code_that_is_live_but_not_that_of_feedback_alone(desk: Desk) -> None:
    artifact, functions, names = desk.artifact(), desk.stack.functions, desk.stack.names
    assert desk.release(artifact) is ReleaseOutcome.RELEASED, desk.screen.text
    before, (feedback,) = desk.version, list_companions(desk.stack)
    kept = functions.get_function_configuration(FunctionName=names.notify)["Timeout"]
    functions.update_function_configuration(FunctionName=feedback, Timeout=kept + 1)
    with pytest.raises(UserError, match=rf"^only a setting of {feedback} changed.*nothing was released$"):
        desk.release(artifact)
    functions.update_function_configuration(FunctionName=names.notify, Timeout=kept + 1)
    try:
        assert desk.release(artifact) is ReleaseOutcome.RELEASED, desk.screen.text
    finally:
        for function in (names.notify, feedback):
            functions.update_function_configuration(FunctionName=function, Timeout=kept)
    assert int(desk.version) > int(before)
    assert read_code_hash(desk.stack, desk.version) == read_code_hash(desk.stack, before)


def test_of_two_who_release_at_once_the_second_is_told_and_the_hooks_stay_the_first_s(desk: Desk) -> None:
    first, second = desk.artifact(), desk.artifact()
    plans = [plan(desk.stack, one, LONG_CANARY) for one in (first, second)]
    before = desk.version
    watch = start(desk.stack, plans[0], desk.screen)
    with pytest.raises(UserError, match=r"another deployment began meanwhile, .*: run this again"):
        start(desk.stack, plans[1], Recorder())
    for hook in desk.stack.names.hooks.values():
        assert desk.stack.functions.get_function_configuration(FunctionName=hook)["CodeSha256"] == first.sha256
    stop(desk.stack, watch.id)
    assert follow(watch, desk.screen, lambda: None) in (ReleaseOutcome.STOPPED, ReleaseOutcome.ROLLED_BACK)
    assert eventually(lambda: desk.version, lambda version: version == before)
    assert [one.release for one in list_versions(desk.stack)][:2] == [second.release, first.release]
