"""Writes every mail of the catalogue as a page to look at: light and dark, in the width of a phone and of a desktop."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from minijinja import Environment

from function.message.catalogue import Catalogue, Notification
from function.message.from_header import join_sender, split_sender
from function.message.rendering import Content
from function.message.unsubscribe import build_headers as unsubscribe_headers
from package.errors import PackageError
from package.notifications.catalogue import UNSUBSCRIBE_URL, compile_catalogue, list_types, read_examples
from package.notifications.digests import build_template_examples

__all__ = ["PREVIEW", "ExampleMail", "list_headers", "render_brands", "render_examples", "write_previews"]

PREVIEW = Path(__file__).parents[2] / "build" / "preview"

# The mails use prefers-color-scheme, which in a frame is the colour scheme of the frame itself.
_PAGE = """<!doctype html>
<meta charset="utf-8"><title>{{ name }}</title>
<style>
  body { margin: 24px; font: 15px/1.5 system-ui, sans-serif; background: #d9dbde; width: 2160px; }
  iframe { border: 0; vertical-align: top; margin-right: 20px; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; width: 640px; background: #fff; padding: 20px; }
</style>
<p>{{ name }}<br><strong dir="auto">{{ subject }}</strong></p>
{% for header, value in headers | items %}<p>{{ header }}: <bdi>{{ value }}</bdi></p>{% endfor %}
{% for scheme in ["light", "dark"] %}{% for width in [375, 640] -%}
<iframe title="{{ scheme }}, {{ width }} px" width="{{ width }}" style="color-scheme: {{ scheme }}" srcdoc="{{ html }}">
</iframe>
{%- endfor %}{% endfor %}
<pre dir="auto">{{ text }}</pre>
<script>
  addEventListener("load", () => {
    for (const frame of document.querySelectorAll("iframe"))
      frame.height = frame.contentDocument.documentElement.scrollHeight;
    document.body.dataset.height = document.documentElement.scrollHeight;
  });
</script>
"""
_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
_QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
_ALONE = ("--disable-background-networking", "--disable-component-update", "--hide-scrollbars")


def write_previews(notifications: Path, type_: str | None = None, tenant: str | None = None) -> Iterator[Path]:
    """Write a page for each example and language of one type, or of all, and a picture if there is a browser; under the
    brand of a `tenant` into a folder of its own.

    Raises `PackageError` if the notifications do not compile, or if there is none of this type, or no such brand.
    """
    known = list_types(notifications)
    if type_ is not None and type_ not in known:
        raise PackageError(f"there is no notification {type_!r}; there are: {', '.join(known)}")
    with tempfile.TemporaryDirectory() as compiled:  # not shared: two commands may write previews at once
        catalogue = compile_catalogue(Path(compiled), notifications)
    if tenant is not None and tenant not in catalogue.tenants:
        has = ", ".join(sorted(catalogue.tenants)) or "none"
        raise PackageError(f"there is no brand for the tenant {tenant!r}; there are: {has}")
    pages = PREVIEW / tenant if tenant else PREVIEW
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    for mail in render_examples(catalogue, notifications, [type_] if type_ else known, tenant):
        page = pages / mail.type / f"{mail.example}.{mail.locale}.html"
        _write(page, mail)
        yield page
        if browser:
            yield _photograph(page, browser)


@dataclass(frozen=True, slots=True)
class ExampleMail:
    """The mail of one example in one language, under the brand of `tenant` or the deployment's own; `data` is what the
    templates see."""

    type: str
    example: str
    locale: str
    data: Mapping[str, Any]
    headers: Mapping[str, str]
    content: Content
    tenant: str | None = None


def render_examples(
    catalogue: Catalogue, notifications: Path, wanted: Sequence[str], tenant: str | None = None
) -> Iterator[ExampleMail]:
    """Render every example of these types in every language, under a `tenant`'s brand if named; digests as digests."""
    for type_ in wanted:
        notification, shown = catalogue.get(type_, tenant), read_examples(type_, notifications)
        if notification.digest is not None:
            shown = build_template_examples(shown)
        link = UNSUBSCRIBE_URL if notification.subscription else None
        for name, data in shown.items():
            for locale in sorted(notification.locales):
                content = notification.render_whole(data, locale, link)
                headers = list_headers(notification, data, content, link)
                yield ExampleMail(type_, name, locale, data, headers, content, tenant)


def render_brands(catalogue: Catalogue, notifications: Path) -> Iterator[ExampleMail]:
    """Render every example of every type in every language, under the deployment's brand and each tenant's."""
    for tenant in (None, *sorted(catalogue.tenants)):
        yield from render_examples(catalogue, notifications, list_types(notifications), tenant)


def list_headers(
    notification: Notification, data: Mapping[str, Any], content: Content, unsubscribe_url: str | None
) -> dict[str, str]:
    """The headers of the mail that these data make, and rows for its copies by role, attachments and invitation."""
    headers = {"To": data["recipient"]["email"], "Subject": content.subject}
    if notification.sender:
        headers = {"From": join_sender(*split_sender(notification.sender))} | headers
    headers |= {name: ", ".join(roles) for name, roles in (("Cc", notification.cc), ("Bcc", notification.bcc)) if roles}
    if notification.reply_to:
        headers["Reply-To"] = notification.reply_to
    if notification.attachments and (files := data.get("attachments")):
        headers["Attachments"] = ", ".join(f"{one['name']} ({one['type']})" for one in files)
    if notification.invitation and "invitation" in data:
        headers["Invitation"] = f"{data['invitation']['summary']}, {data['invitation']['start']}"
    return headers | (unsubscribe_headers(unsubscribe_url) if unsubscribe_url else {})


def _write(page: Path, mail: ExampleMail) -> None:
    page.parent.mkdir(parents=True, exist_ok=True)
    name = f"{mail.type} · {mail.example} · {mail.locale}"
    parts = {"headers": mail.headers, "subject": mail.content.subject, "text": mail.content.text}
    page.write_text(Environment().render_str(_PAGE, "page.html", name=name, html=mail.content.html, **parts), "utf-8")


def _photograph(page: Path, browser: str) -> Path:
    picture = page.with_suffix(".png")
    with tempfile.TemporaryDirectory(dir=PREVIEW) as profile:
        base = (browser, *_QUIET, *_ALONE, f"--user-data-dir={profile}")
        height = _Height(_run(*base, "--dump-dom", page.as_uri())).value
        _run(*base, f"--window-size=2210,{height + 150}", f"--screenshot={picture}", page.as_uri())
    return picture


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False, timeout=600)
    if done.returncode:
        raise PackageError(f"{command[0]} did not take the picture: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


class _Height(HTMLParser):
    """Reads the height that a page measured of itself."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.value = 1200
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self.value = int(dict(attrs).get("data-height") or self.value)
