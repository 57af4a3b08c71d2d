"""A release of a setting without code, and two people who release at once."""

from __future__ import annotations

import pytest

from operations.errors import UserError
from release.follow import follow
from release.lambda_versions.companions import list_companions
from release.lambda_versions.versions import list_versions, read_code_hash
from release.progress.outcome import ReleaseOutcome
from release.release import plan, start
from release.rollback import stop
from tests.stack.release.conftest import LONG_CANARY, Recorder, ReleaseHarness
from tests.waiting import eventually


def test_a_setting_goes_live_with_the_code_that_is_live_but_not_that_of_feedback_alone(harness: ReleaseHarness) -> None:
    artifact, functions, names = harness.artifact(), harness.context.functions, harness.context.names
    assert harness.release(artifact) is ReleaseOutcome.RELEASED, harness.screen.text
    before, (feedback,) = harness.version, list_companions(harness.context)
    kept = functions.get_function_configuration(FunctionName=names.notify)["Timeout"]
    functions.update_function_configuration(FunctionName=feedback, Timeout=kept + 1)
    with pytest.raises(UserError, match=rf"^only a setting of {feedback} changed.*nothing was released$"):
        harness.release(artifact)
    functions.update_function_configuration(FunctionName=names.notify, Timeout=kept + 1)
    try:
        assert harness.release(artifact) is ReleaseOutcome.RELEASED, harness.screen.text
    finally:
        for function in (names.notify, feedback):
            functions.update_function_configuration(FunctionName=function, Timeout=kept)
    assert int(harness.version) > int(before)
    assert read_code_hash(harness.context, harness.version) == read_code_hash(harness.context, before)


def test_of_two_who_release_at_once_the_second_is_told_and_the_hooks_stay_the_first_s(harness: ReleaseHarness) -> None:
    first, second = harness.artifact(), harness.artifact()
    plans = [plan(harness.context, one, LONG_CANARY) for one in (first, second)]
    before = harness.version
    watch = start(harness.context, plans[0], harness.screen)
    with pytest.raises(UserError, match=r"another deployment began meanwhile, .*: run this again"):
        start(harness.context, plans[1], Recorder())
    for hook in harness.context.names.hooks.values():
        assert harness.context.functions.get_function_configuration(FunctionName=hook)["CodeSha256"] == first.sha256
    stop(harness.context, watch.id)
    assert follow(watch, harness.screen, lambda: None) in (ReleaseOutcome.STOPPED, ReleaseOutcome.ROLLED_BACK)
    assert eventually(lambda: harness.version, lambda version: version == before)
    assert [one.release for one in list_versions(harness.context)][:2] == [second.release, first.release]
