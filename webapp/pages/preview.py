"""A page with the mail about a book as the notifier renders it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from function.message.unsubscribe import UnsubscribeLinks
from operations.installation import Installation
from operations.preview import Content, NoPreviewError, preview
from webapp.api.dependencies import BookId, ServicesOf
from webapp.api.problems import Problem
from webapp.auth.identity import Identity
from webapp.auth.secrets import Secrets
from webapp.books.service import BookService
from webapp.pages.rendering import render_page
from webapp.pages.sessions import Reader, SignedIn
from webapp.settings import WebSettings

__all__ = ["EventId", "MailPreviews", "MailPreviewsOf", "router", "show_html", "show_preview"]

#: Policy for a mail in its frame: no scripts, no requests; links open in a new window.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)

EventId = Annotated[str, Query(alias="event", min_length=1, max_length=64)]

router = APIRouter()


@dataclass(frozen=True, slots=True)
class MailPreviews:
    """Renders the mails about a reader's books as the notifier does."""

    service: BookService
    installation: Installation
    secrets: Secrets
    settings: WebSettings

    def render(self, reader: Identity, book_id: str, event_id: str) -> Content:
        """Render the mail of one event; raises `Problem` 404 if there is no such event, or no mail for it."""
        event = next((each for each in self.service.events(reader, book_id) if each.id == event_id), None)
        if event is None:
            raise Problem("not-found", "There is no such event about this book.")
        address = self.installation.address_keys(reader.email)[0]
        links = UnsubscribeLinks(f"{self.settings.public_url}/unsubscribe", self.secrets.link()[0])
        try:
            return preview(event.body, self.settings.catalogue, lambda category: links.link(category, address))
        except NoPreviewError as error:
            raise Problem("not-found", f"The notifier writes no mail for this event: {error}.") from error


async def _get_previews(services: ServicesOf) -> MailPreviews:
    return MailPreviews(services.book_service, services.notifier.installation, services.secrets, services.settings)


MailPreviewsOf = Annotated[MailPreviews, Depends(_get_previews)]


@router.get("/books/{book_id}/preview")
def show_preview(
    request: Request, book_id: BookId, event_id: EventId, session: SignedIn, previews: MailPreviewsOf
) -> Response:
    """Show one mail about a book: subject, HTML in a frame, and the text beside it."""
    mail = previews.render(session.reader, book_id, event_id)
    return render_page(request, "preview.html", {"book_id": book_id, "event_id": event_id, "mail": mail})


@router.get("/books/{book_id}/preview/html")
def show_html(book_id: BookId, event_id: EventId, reader: Reader, previews: MailPreviewsOf) -> Response:
    """Return the HTML of that mail, for the frame."""
    if reader is None:
        raise Problem("unauthorized", "You are signed out.")
    mail = previews.render(reader, book_id, event_id)
    return HTMLResponse(mail.html, headers={"Content-Security-Policy": _MAIL_POLICY})
