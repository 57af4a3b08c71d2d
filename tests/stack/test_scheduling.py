"""An event that is to be sent later, with the real processes: published, kept, asked for, mailed; and one cancelled."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.stack.conftest import Herald
from tests.stack.events import new_address, new_event
from tests.waiting import eventually


def publish(herald: Herald, event: dict[str, Any]) -> str:
    answer = herald.clients.sns.publish(TopicArn=herald.names.topics["events"], Message=json.dumps(event))
    return answer["MessageId"]


def test_an_event_for_later_is_mailed_at_its_time_and_a_cancelled_one_never(herald: Herald) -> None:
    to, now = new_address(), datetime.now(UTC)
    due, far = now + timedelta(seconds=8), now + timedelta(days=1)
    sent = publish(herald, new_event(to, sendat=due.isoformat()))
    cancelled = new_event(to, sendat=far.isoformat())
    never = publish(herald, cancelled)
    eventually(lambda: herald.state(never), lambda state: state == "scheduled")
    publish(
        herald, new_event(to) | {"type": "mail.cancel", "data": {name: cancelled[name] for name in ("source", "id")}}
    )
    eventually(lambda: herald.state(never), lambda state: state == "cancelled")
    (mail,) = herald.inbox.exactly(to, 1)
    assert datetime.now(UTC) >= due
    assert mail["tags"]["message_id"] == sent
    eventually(lambda: herald.state(sent), lambda state: state == "delivered")
