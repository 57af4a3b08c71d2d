"""The mail of one event as the notifier would write it: shown to whom it concerns, sent to nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

from function.errors import NotificationError
from function.message.catalogue import COMPILED, Catalogue
from function.message.rendering import Content

__all__ = ["Content", "NoPreviewError", "preview"]


class NoPreviewError(Exception):
    """Why there is no mail to show, in one line."""


def preview(event: str, compiled: Path | None = None, link: Callable[[str], str] | None = None) -> Content:
    """The mail of an event, given as it was published; `compiled` is the catalogue, by default the package's own, and
    `link` makes the unsubscribe link of a category.

    The notifier's own code reads, checks and renders it, so that nothing can differ. Raises `NoPreviewError` where the
    notifier would write no mail.
    """
    try:
        read = json.loads(event)
        notification = _catalogue(compiled or COMPILED).get(read["type"])
        notification.validate(read["data"])
        unsubscribe_url = link(notification.category) if link and notification.subscription else None
        return notification.render(read["data"], read["data"]["recipient"]["locale"], unsubscribe_url)
    except NotificationError as error:
        raise NoPreviewError(str(error)) from error
    except FileNotFoundError:
        raise NoPreviewError("the catalogue of mails is not there yet: try again in a moment") from None
    except (ValueError, KeyError, TypeError):
        raise NoPreviewError("the event cannot be read") from None


@cache
def _catalogue(compiled: Path) -> Catalogue:
    return Catalogue.load(compiled)
