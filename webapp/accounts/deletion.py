"""Deletes an account: all data that identify its person, and the identity last.

Each step is safe to repeat, and whatever leads to other data is deleted after them, so that an interrupted deletion can
be requested again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from function.ledger.keys import ADDRESS_PREFIX, event_key
from operations.erasure import StoredEvent, delete_letters, erase_event
from operations.errors import UserError
from operations.installation import Installation
from operations.outbox import OutboxRow, erase_body
from webapp import deadline, log
from webapp.auth.identity import Identity
from webapp.books.repository import BookRepository
from webapp.clock import Clock
from webapp.errors import SignInTooOld, Unavailable
from webapp.outbox.event import compute_welcome_id
from webapp.outbox.outbox import Outbox
from webapp.preferences.account import AccountRepository
from webapp.preferences.preferences import CATEGORIES, Preferences
from webapp.timeline.ledger_reader import LedgerReader, read_message_id

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

__all__ = [
    "FRESH_SECONDS",
    "AccountDeletion",
    "DeletedAccount",
    "IdentityStore",
    "has_signed_in_recently",
    "require_recent_sign_in",
]

#: A deletion needs a sign-in at most this many seconds ago.
FRESH_SECONDS = 600
#: How long a deletion may take, in seconds: API Gateway waits for 30.
_LONGEST_SECONDS = 20.0
_BOOKS_AT_ONCE = 50
_workers = ThreadPoolExecutor(8, thread_name_prefix="deletion")


@dataclass(frozen=True, slots=True)
class DeletedAccount:
    """The result of a deletion: the number of books, including those deleted before; how many mails were still under
    way; whether the identity was deleted too."""

    books: int = 0
    under_way: int = 0
    identity: bool = False


@dataclass(frozen=True, slots=True)
class IdentityStore:
    """The user pool, if this app may delete its users; without `pool` the identity stays with its issuer."""

    cognito: Callable[[], CognitoIdentityProviderClient]
    pool: str | None

    def delete(self, reader: Identity) -> bool:
        """Delete the user; False if this app may not. A user who does not exist counts as deleted.

        https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDeleteUser.html
        """
        if self.pool is None:
            return False
        try:
            self.cognito().admin_delete_user(UserPoolId=self.pool, Username=reader.username or reader.sub)
        except ClientError as error:
            if error.response["Error"]["Code"] != "UserNotFoundException":
                raise
        return True


@dataclass(frozen=True, slots=True)
class AccountDeletion:
    """Deletes accounts; `source` is the source of this app's events."""

    repository: BookRepository
    outbox: Outbox
    ledger: LedgerReader
    accounts: AccountRepository
    preferences: Preferences
    installation: Installation
    identities: IdentityStore
    source: str
    clock: Clock

    def delete(self, reader: Identity) -> DeletedAccount:
        """Delete the reader's account; raises `SignInTooOld`, or `Unavailable` if the request must be repeated."""
        require_recent_sign_in(reader, self.clock())
        deadline.extend(_LONGEST_SECONDS)
        self.accounts.mark_deleted(reader, self.clock())
        under_way, books = self._erase(reader, [f"users/{compute_welcome_id(reader.sub)}"]), 0
        for some in self._books(reader):
            under_way += self._erase(reader, [f"books/{book_id}" for book_id in some])
            self.repository.forget(reader.sub, some)
            books += len(some)
        self.repository.forget_answers(reader.sub)
        if not under_way:  # else the choices are kept, so that mails under way are still stopped by them
            self._forget_choices(reader)
        identity = self.identities.delete(reader)
        log.info("account deleted", sub=reader.sub, books=books, under_way=under_way, identity=identity)
        return DeletedAccount(books, under_way, identity)

    def _books(self, reader: Identity) -> Iterator[list[str]]:
        """Yield the ids of all books in batches; the caller deletes each batch before the next is read."""
        for list_ in (self.repository.page, self.repository.list_deleted):
            more = True
            while more:
                found, more = list_(reader.sub, _BOOKS_AT_ONCE)
                if found:
                    yield [book.id for book in found]

    def _erase(self, reader: Identity, subjects: Sequence[str]) -> int:
        """Erase the events about these subjects wherever they are kept; return how many of their mails may still be
        sent."""
        contexts = [copy_context() for _ in subjects]  # with the request's deadline
        erased = _workers.map(lambda own, one: own.run(self._erase_subject, reader, one), contexts, subjects)
        records = [record for each in erased for record in each]
        dead = {read_message_id(record) for record in records if record is not None and _is_dead(record)}
        if dead:
            delete_letters(self.installation, dead)
        return sum(record is None or _may_leave(record) for record in records)

    def _erase_subject(self, reader: Identity, subject: str) -> list[Mapping[str, Any] | None]:
        """Erase the events about this subject; return the ledger's record of each event that was published and not
        settled."""
        events = [event for event in self.outbox.list_by_subject(subject) if event.owner == reader.sub]
        records = [self.ledger.message_of(self.source, event.id, event.message_id) for event in events]
        for event, record in zip(events, records, strict=True):
            erase_body(self.installation, OutboxRow(subject, event.id))
            if record is not None:
                erase_event(self.installation, StoredEvent(event_key(self.source, event.id), read_message_id(record)))
        left = [event for event in self.outbox.list_by_subject(subject) if event.owner == reader.sub]
        if any(event.body for event in left):
            raise Unavailable("A mail is being published just now.", retry_after=1)
        open_ = {event.id for event in left if event.published_at is not None and event.settled_at is None}
        return [record for event, record in zip(events, records, strict=True) if event.id in open_]

    def _forget_choices(self, reader: Identity) -> None:
        """Delete the reader's choices, including those about the mail of tenants with their own list. Raises
        `Unavailable` if the notifier does not say which tenants these are."""
        try:
            keys = self.installation.list_keys(reader.email)
        except UserError as error:
            log.error("the account is kept", reason=str(error))
            raise Unavailable("The notifier does not answer.", retry_after=60) from None
        for key in keys:
            for category in CATEGORIES:
                self.preferences.subscribe(category, key.removeprefix(ADDRESS_PREFIX))


def has_signed_in_recently(reader: Identity, now: int) -> bool:
    """Whether this person signed in within the last `FRESH_SECONDS`; `now` is in epoch milliseconds."""
    return now - reader.signed_in_at <= FRESH_SECONDS * 1000


def require_recent_sign_in(reader: Identity, now: int) -> None:
    """Raise `SignInTooOld` if the reader signed in more than `FRESH_SECONDS` ago."""
    if not has_signed_in_recently(reader, now):
        raise SignInTooOld(seconds=FRESH_SECONDS)


def _is_dead(record: Mapping[str, Any]) -> bool:
    """Whether `dead` may contain a dead letter about the record."""
    return record["state"] in {"rejected", "suppressed"} or "parked" in record


def _may_leave(record: Mapping[str, Any]) -> bool:
    return record["state"] in {"sending", "unknown", "released"} and "parked" not in record
