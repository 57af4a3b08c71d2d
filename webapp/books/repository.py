"""Books in DynamoDB: every key begins with the owner, so no user can reach another user's books."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from function.ledger.attributes import Item, deserialize_item, serialize_item, write_if_allowed
from webapp.auth.identity import Identity
from webapp.aws.table import EXPIRES_AT, format_user_key
from webapp.books.book import Book, DeletedBook
from webapp.books.idempotency import Claim, KeyTaken, compute_digest
from webapp.books.mail_budget import MailBudget
from webapp.errors import AccountDeleted, IdempotencyKeyInFlight
from webapp.outbox.event import CommittedEvent
from webapp.outbox.outbox import KEPT_SECONDS, build_outbox_item
from webapp.preferences.account import check_open

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

__all__ = ["BookRepository", "read_book"]

_NEW = "attribute_not_exists(pk)"


class BookRepository:
    """The books of each user, and the transactions that change them."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, budget: MailBudget | None = None) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._budget = budget

    def add(self, owner: Identity, book: Book, event: CommittedEvent, claim: Claim | None = None) -> None:
        """Commit the book, its event and the caller's idempotency key together, or nothing.

        Raises `KeyTaken` or `IdempotencyKeyInFlight` if the key is already in use, `TooManyRequests` if the owner's
        mail budget is used up, `AccountDeleted` if the account was deleted since the owner signed in.
        """
        writes = [self._put(_build_item(owner.sub, book)), self._put(build_outbox_item(event, book.created_at))]
        if claim is not None:
            writes.append(self._claim_key(owner.sub, claim, book.created_at // 1000))
        try:
            self._transact([*writes, self._check_open(owner), *self._spend(owner.sub, book.created_at)])
        except ClientError as error:
            _raise_for_account(error, len(writes))
            if claim is not None:
                _raise_for_key(error)
            self._raise_for_budget(error, len(writes) + 1, book.created_at)
            raise

    def get(self, owner: str, book_id: str) -> Book | None:
        answer = self._dynamodb.get_item(TableName=self._table, Key=_build_key(owner, book_id), ConsistentRead=True)
        return read_book(deserialize_item(answer["Item"])) if "Item" in answer else None

    def page(self, owner: str, limit: int, after: str | None = None) -> tuple[list[Book], bool]:
        """Return the owner's books after the book `after`, newest first, and whether there are more."""
        items, more = self._list(owner, "book", limit, after)
        return [read_book(item) for item in items], more

    def _list(
        self, owner: str, kind: str, limit: int, after: str | None = None
    ) -> tuple[list[Mapping[str, Any]], bool]:
        """Return the owner's items of one kind after that of the book `after`, newest book first, and whether there are
        more."""
        names = {":owner": format_user_key(owner), ":first": f"{kind}#", ":last": f"{kind}#{after or '~'}"}
        answer = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :owner AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues=serialize_item(names),
            ScanIndexForward=False,
            Limit=limit + 2,
            ConsistentRead=True,
        )
        found: list[Mapping[str, Any]] = [deserialize_item(item) for item in answer["Items"]]
        items = [item for item in found if item["sk"] != f"{kind}#{after}"]
        return items[:limit], len(items) > limit

    def change(self, owner: str, book: Book) -> bool:
        """Write the book's next version; False if another version was written first, or the book was deleted."""
        return write_if_allowed(
            lambda: self._dynamodb.put_item(
                TableName=self._table,
                Item=_build_item(owner, book),
                ConditionExpression="version = :before",
                ExpressionAttributeValues=serialize_item({":before": book.version - 1}),
            )
        )

    def remove(self, owner: Identity, book: Book, event: CommittedEvent, at: int) -> bool:
        """Delete this version of the book and commit the event about it; False if this version no longer exists.

        An item remains by which the owner can find what happened to the book's mails. Raises as `add` does.
        """
        delete: TransactWriteItemTypeDef = {
            "Delete": {
                "TableName": self._table,
                "Key": _build_key(owner.sub, book.id),
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": serialize_item({":version": book.version}),
            }
        }
        try:
            self._transact(
                [
                    delete,
                    self._put(build_outbox_item(event, at)),
                    self._put(_trace_item(owner.sub, book, at)),
                    self._check_open(owner),
                    *self._spend(owner.sub, at),
                ]
            )
        except ClientError as error:
            if "ConditionalCheckFailed" in _list_codes(error)[:3]:
                return False
            _raise_for_account(error, 3)
            self._raise_for_budget(error, 4, at)
            raise
        return True

    def list_deleted(self, owner: str, limit: int, after: str | None = None) -> tuple[list[DeletedBook], bool]:
        """Return the owner's deleted books, paged as by `page` and ordered by when they were added."""
        items, more = self._list(owner, "deleted", limit, after)
        return [_read_deleted_book(item) for item in items], more

    def get_deleted(self, owner: str, book_id: str) -> DeletedBook | None:
        """Return what is kept of a book that the owner deleted; None if nothing is."""
        key = _build_key(owner, book_id, "deleted")
        answer = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return _read_deleted_book(deserialize_item(answer["Item"])) if "Item" in answer else None

    def forget(self, owner: str, book_ids: Iterable[str]) -> None:
        """Delete these books, or what is kept of deleted ones, without a mail to the owner."""
        for book_id in book_ids:
            for kind in ("book", "deleted"):
                self._delete(owner, f"{kind}#{book_id}")

    def forget_answers(self, owner: str) -> None:
        """Delete the stored answers to the owner's idempotent requests."""
        more = True
        while more:
            items, more = self._list(owner, "key", 50)
            for item in items:
                self._delete(owner, item["sk"])

    def _delete(self, owner: str, name: str) -> None:
        self._dynamodb.delete_item(
            TableName=self._table, Key=serialize_item({"pk": format_user_key(owner), "sk": name})
        )

    def _check_open(self, owner: Identity) -> TransactWriteItemTypeDef:
        return {"ConditionCheck": check_open(self._table, owner)}

    def _spend(self, owner: str, at: int) -> list[TransactWriteItemTypeDef]:
        return [] if self._budget is None else [{"Update": self._budget.spend(self._table, owner, at)}]

    def _raise_for_budget(self, error: ClientError, place: int, at: int) -> None:
        if self._budget is not None and _list_codes(error)[place:] == ["ConditionalCheckFailed"]:
            raise self._budget.refusal(error.response["CancellationReasons"][place].get("Item", {}), at) from error

    def _transact(self, writes: Sequence[TransactWriteItemTypeDef]) -> None:
        self._dynamodb.transact_write_items(TransactItems=writes)

    def _put(self, item: Item) -> TransactWriteItemTypeDef:
        return {"Put": {"TableName": self._table, "Item": item, "ConditionExpression": _NEW}}

    def _claim_key(self, owner: str, claim: Claim, now: int) -> TransactWriteItemTypeDef:
        item = {
            "pk": format_user_key(owner),
            "sk": f"key#{compute_digest(claim.key)}",
            "kind": "key",
            "fingerprint": claim.fingerprint,
            "answer": claim.answer,
            EXPIRES_AT: claim.expires_at,
        }
        return {
            "Put": {
                "TableName": self._table,
                "Item": serialize_item(item),
                "ConditionExpression": f"{_NEW} OR {EXPIRES_AT} <= :now",
                "ExpressionAttributeValues": serialize_item({":now": now}),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def read_book(values: Mapping[str, Any]) -> Book:
    """Build the book from its stored values."""
    return Book(
        id=values["id"],
        title=values["title"],
        author=values["author"],
        isbn=values.get("isbn"),
        created_at=values["created_at"],
        updated_at=values["updated_at"],
        version=values["version"],
    )


def _trace_item(owner: str, book: Book, at: int) -> Item:
    """Build the item that remains of a deleted book until its mails' timelines have long expired."""
    return serialize_item(
        {
            "pk": format_user_key(owner),
            "sk": f"deleted#{book.id}",
            "kind": "deleted book",
            "title": book.title,
            "author": book.author,
            "deleted_at": at,
            EXPIRES_AT: at // 1000 + 2 * KEPT_SECONDS,
        }
    )


def _raise_for_account(error: ClientError, place: int) -> None:
    if _list_codes(error)[place : place + 1] == ["ConditionalCheckFailed"]:
        raise AccountDeleted from error


def _read_deleted_book(values: Mapping[str, Any]) -> DeletedBook:
    id_ = str(values["sk"]).removeprefix("deleted#")
    return DeletedBook(id_, values["title"], values["author"], values["deleted_at"])


def _build_key(owner: str, book_id: str, kind: str = "book") -> Item:
    return serialize_item({"pk": format_user_key(owner), "sk": f"{kind}#{book_id}"})


def _build_item(owner: str, book: Book) -> Item:
    return _build_key(owner, book.id) | serialize_item({"kind": "book", **asdict(book)})


def _list_codes(error: ClientError) -> list[str]:
    return [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])]


def _raise_for_key(error: ClientError) -> None:
    code = next(iter(_list_codes(error)[2:]), "None")
    held = error.response["CancellationReasons"][2].get("Item") if code == "ConditionalCheckFailed" else None
    if held:
        taken = deserialize_item(held)
        raise KeyTaken(taken["fingerprint"], taken["answer"]) from error
    if code in {"TransactionConflict", "ConditionalCheckFailed"}:
        raise IdempotencyKeyInFlight("The request with this Idempotency-Key is under way.", retry_after=1) from error
