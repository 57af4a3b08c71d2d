"""The mail about a book as the notifier writes it, on a page of its own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from function.message.unsubscribe import UnsubscribeLinks
from operations.preview import Content, NoPreviewError, preview
from webapp.api.dependencies import BookId
from webapp.api.problems import Problem
from webapp.auth.identity import Identity
from webapp.composition import Parts, PartsOf
from webapp.pages.rendering import render_page
from webapp.pages.sessions import Reader, SignedIn

__all__ = ["EventId", "router", "show_html", "show_preview"]

#: A mail in its frame: nothing runs, nothing is fetched, its links open in a window of their own.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)

EventId = Annotated[str, Query(alias="event", min_length=1, max_length=64)]

router = APIRouter()


@router.get("/books/{book_id}/preview")
def show_preview(request: Request, book_id: BookId, event_id: EventId, session: SignedIn, parts: PartsOf) -> Response:
    """One mail about a book: subject, HTML in a frame, and the text beside it."""
    mail = _render_mail(parts, session.reader, book_id, event_id)
    return render_page(request, "preview.html", {"book_id": book_id, "event_id": event_id, "mail": mail})


@router.get("/books/{book_id}/preview/html")
def show_html(book_id: BookId, event_id: EventId, reader: Reader, parts: PartsOf) -> Response:
    """The HTML of that mail, for the frame."""
    if reader is None:
        raise Problem("unauthorized", "You are signed out.")
    mail = _render_mail(parts, reader, book_id, event_id)
    return HTMLResponse(mail.html, headers={"Content-Security-Policy": _MAIL_POLICY})


def _render_mail(parts: Parts, reader: Identity, book_id: str, event_id: str) -> Content:
    event = next((each for each in parts.service.events(reader, book_id) if each.id == event_id), None)
    if event is None:
        raise Problem("not-found", "There is no such event about this book.")
    address = parts.notifier.installation.address_keys(reader.email)[0]
    links = UnsubscribeLinks(f"{parts.settings.public_url}/unsubscribe", parts.secrets.link()[0])
    try:
        return preview(event.body, parts.settings.catalogue, lambda category: links.link(category, address))
    except NoPreviewError as error:
        raise Problem("not-found", f"The notifier writes no mail for this event: {error}.") from error
