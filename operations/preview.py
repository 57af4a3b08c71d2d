"""Renders the mail of one event as the notifier would, without sending it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from function.errors import NotificationError
from function.message.catalogue import COMPILED, Catalogue
from function.message.rendering import Content

__all__ = ["Content", "NoPreviewError", "find_categories", "find_subscription", "preview"]

_SOURCES = COMPILED.parent / "notifications"


class NoPreviewError(Exception):
    """Why there is no mail to show, in one line."""


def preview(event: str, compiled: Path | None = None, link: Callable[[str], str] | None = None) -> Content:
    """Render the mail of an event, given as it was published. `compiled` is the catalogue, by default the package's
    own; `link` makes the unsubscribe link of a category.

    Uses the notifier's own code, so that the result is the same. Raises `NoPreviewError` if the notifier would send no
    mail.
    """
    try:
        read = json.loads(event)
        notification = _load_catalogue(compiled or COMPILED).get(read["type"], read.get("tenant"))
        notification.validate(read["data"])
        unsubscribe_url = link(notification.category) if link and notification.subscription else None
        return notification.render(read["data"], read["data"]["recipient"]["locale"], unsubscribe_url)
    except NotificationError as error:
        raise NoPreviewError(str(error)) from error
    except FileNotFoundError:
        raise NoPreviewError("the catalogue of mails is not there yet: try again in a moment") from None
    except (ValueError, KeyError, TypeError):
        raise NoPreviewError("the event cannot be read") from None


def find_subscription(type_: str, compiled: Path | None = None) -> str | None:
    """Return the category that a reader of this type's mails may unsubscribe from; None if there is none, or no such
    type."""
    try:
        notification = _load_catalogue(compiled or COMPILED).get(type_)
    except NotificationError:
        return None
    except FileNotFoundError:  # nothing is packaged here: read the notifications' sources
        return _read_subscription(type_)
    return notification.category if notification.subscription else None


def find_categories() -> frozenset[str]:
    """Every category that a reader may unsubscribe from."""
    try:
        types = _load_catalogue(COMPILED).types
    except FileNotFoundError:  # nothing is packaged here: read the notifications' sources
        types = frozenset(path.parent.name for path in _SOURCES.glob("*/notification.json"))
    return frozenset(category for type_ in types if (category := find_subscription(type_)))


def _read_subscription(type_: str) -> str | None:
    try:
        settings = json.loads((_SOURCES / type_ / "notification.json").read_bytes())
    except (OSError, ValueError):
        return None
    return str(settings["category"]) if settings.get("subscription") else None


@cache
def _load_catalogue(compiled: Path) -> Catalogue:
    return Catalogue.load(compiled)
