"""One factor on every wait, with a floor where something really takes its time."""

from __future__ import annotations

import pytest

from laptop.time_scale import DEFAULT, TimeScale


def test_a_factor_of_1_is_awss_own_time() -> None:
    time_scale = TimeScale(1.0)
    assert time_scale.visibility == 180
    assert time_scale.settings == {
        "HERALD_HOLD_SECONDS": "900",
        "HERALD_SWEEP_AFTER_SECONDS": "60",
        "HERALD_RECONCILE_AFTER_SECONDS": "3600",
    }


@pytest.mark.parametrize(("scale", "hold"), [(0.5, "450"), (DEFAULT, "18"), (0.001, "16")])
def test_the_hold_shrinks_with_everything_but_outlasts_a_send(scale: float, hold: str) -> None:
    assert TimeScale(scale).settings["HERALD_HOLD_SECONDS"] == hold
    assert TimeScale(scale).settings["HERALD_TIME_SCALE"] == f"{scale:g}"


@pytest.mark.parametrize(("real", "least", "wait"), [(3600, 5, 72), (60, 5, 5), (3, 5, 3)])
def test_a_floor_never_makes_a_wait_longer_than_awss(real: float, least: float, wait: float) -> None:
    assert TimeScale(DEFAULT).seconds(real, least) == wait


def test_a_message_stays_hidden_for_longer_than_a_function_runs() -> None:
    assert TimeScale(0.001).visibility > 30
