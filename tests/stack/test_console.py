"""Every button of the console, pressed on a running cloud: what becomes of the event, as the console tells it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.stack.conftest import Herald
from tests.waiting import eventually

Story = dict[str, Any]


def press(herald: Herald, button: str, event: str = "") -> str:
    """Press it; the id of the event that it was done to."""
    query = {"event": event} if event else {}
    answer = herald.inbox.http.post(f"/play/{button}", params=query, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(httpx.URL(answer.headers["location"]).fragment)


def story(herald: Herald, event: str) -> Story | None:
    """What the console tells of an event."""
    stories: list[Story] = herald.inbox.http.get("/stories.json").raise_for_status().json()
    return next((one for one in stories if one["event"] == event), None)


def ends(herald: Herald, event: str, state: str, runs: int = 1) -> Story:
    """The event's story, once it has come so far."""

    def there(seen: Story | None) -> bool:
        return seen is not None and seen["state"] == state and len(seen["runs"]) >= runs

    found = eventually(lambda: story(herald, event), there)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("button", "state", "mails"),
    [
        ("publish", "delivered", 1),
        ("lose", "delivered", 1),
        ("throttle", "delivered", 1),
        ("bounce", "bounced", 1),
        ("withhold", "sent", 1),
    ],
)
def test_a_new_event_comes_to_the_end_that_the_button_promises(
    herald: Herald, button: str, state: str, mails: int
) -> None:
    found = ends(herald, press(herald, button), state)
    assert len(found["mails"]) == mails


def test_a_function_that_is_killed_after_the_send_runs_again_and_sends_no_second_mail(herald: Herald) -> None:
    found = ends(herald, press(herald, "crash"), "delivered", runs=2)
    assert [run["outcome"] for run in found["runs"]] == ["killed", "ok"]
    assert len(found["mails"]) == 1


def test_what_is_delivered_again_and_published_again_stays_one_mail(herald: Herald) -> None:
    event = press(herald, "publish")
    ends(herald, event, "delivered")
    for button in ("deliver", "twice", "republish"):
        assert press(herald, button, event) == event
    found = ends(herald, event, "delivered", runs=5)
    assert len(found["messages"]) == 2
    assert len(found["mails"]) == 1
    assert found["done"] == ["Publish an event", "Deliver it again", "Twice at once", "Publish it again"]


def test_what_is_published_corrected_is_mailed_in_place_of_what_was_refused(herald: Herald) -> None:
    event = press(herald, "refuse")
    ends(herald, event, "rejected")
    assert press(herald, "correct", event) == event
    found = ends(herald, event, "delivered")
    assert len(found["messages"]) == 2
    (mail,) = found["mails"]
    assert ", corrected" in herald.inbox.http.get(f"/messages/{mail}/text").text


def test_what_is_published_corrected_after_its_mail_came_too_late_and_the_story_says_so(herald: Herald) -> None:
    event = press(herald, "publish")
    ends(herald, event, "delivered")
    press(herald, "correct", event)

    def is_told(seen: Story | None) -> bool:
        return seen is not None and any(row["reason_code"] == "corrected_too_late" for row in seen["rows"])

    found = eventually(lambda: story(herald, event), is_told)
    assert found is not None
    assert len(found["mails"]) == 1


def test_late_feedback_comes_after_the_hold_and_settles_the_one_mail(herald: Herald) -> None:
    found = ends(herald, press(herald, "late"), "delivered")
    (lost,) = [row["at"] for row in found["rows"] if row["state"] == "unknown"]
    heard = min(row["at"] for row in found["rows"] if row["state"] in ("sent", "delivered"))
    configuration = herald.clients.functions.get_function_configuration(FunctionName="herald-notify")
    hold = float(configuration["Environment"]["Variables"]["HERALD_HOLD_SECONDS"])
    assert heard - lost >= hold * 1000
    assert len(found["mails"]) == 1


def test_a_refused_mail_is_sent_once_it_is_redriven(herald: Herald) -> None:
    event = press(herald, "refuse")
    assert ends(herald, event, "rejected")["mails"] == []
    press(herald, "redrive")
    assert len(ends(herald, event, "delivered", runs=2)["mails"]) == 1
