"""Commits the welcome event of a confirmed account: the user pool's trigger *post confirmation*.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-post-confirmation.html
"""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from webapp import log
from webapp.auth.identity import Identity
from webapp.aws import clients
from webapp.clock import read_clock
from webapp.errors import NotAllowed, NotAuthenticated
from webapp.outbox.event import continue_trace, write_user_welcome
from webapp.outbox.outbox import Outbox
from webapp.settings import PostConfirmationSettings

__all__ = ["compose", "handler"]


@cache
def compose() -> tuple[PostConfirmationSettings, Outbox]:
    """Create the settings and the outbox of this process."""
    settings = PostConfirmationSettings.from_environment()
    return settings, Outbox(clients.dynamodb(), settings.books_table)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Commit the event `user.welcome`, once for each account, and return the trigger's event as Cognito requires.

    Never raises: a sign-up must not fail because its welcome mail does. Cognito repeats a slow trigger; the event's id
    is derived from the account, so a repetition changes nothing.
    """
    if event.get("triggerSource") == "PostConfirmation_ConfirmSignUp":
        try:
            _greet(Identity.from_attributes(event["request"]["userAttributes"]))
        except (BotoCoreError, ClientError, KeyError, NotAllowed, NotAuthenticated) as error:
            log.error("account not greeted", user=event.get("userName"), error=repr(error))
    return event


def _greet(reader: Identity) -> None:
    settings, outbox = compose()
    at = read_clock()
    greeting = write_user_welcome(
        reader, at=at, source=settings.event_source, public_url=settings.public_url, traceparent=continue_trace(None)
    )
    log.info("account greeted" if outbox.add(greeting, at) else "account was greeted before", id=greeting.id)
