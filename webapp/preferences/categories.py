"""What a reader may unsubscribe from, in words. A test holds it to the notifier's declarations."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Category:
    """One category of mails: its name in links and in the ledger, and what a person reads."""

    slug: str
    title: str
    about: str


CATEGORIES: Final = {
    each.slug: each for each in (Category("books", "Your books", "A mail when a book of yours is added or deleted."),)
}


def described(slug: str) -> Category:
    """The category; one that this release does not know yet is shown by its name."""
    return CATEGORIES.get(slug) or Category(slug, slug.replace("-", " ").capitalize(), "")
