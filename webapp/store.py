"""Books in DynamoDB: every key begins with the owner, so no one can reach another's."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from webapp.books import Book
from webapp.event import Event
from webapp.items import Item, from_item, to_item
from webapp.outbox import outbox_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NEW: Final = "attribute_not_exists(pk)"


class Books:
    """The shelf of each user, and the one transaction that adds to it."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add(self, owner: str, book: Book, event: Event) -> None:
        """Commit the book and its event together, or neither."""
        items = [_book_item(owner, book), outbox_item(event, book.created_at)]
        self._dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": self._table, "Item": item, "ConditionExpression": _NEW}} for item in items
            ]
        )

    def get(self, owner: str, book_id: str) -> Book | None:
        answer = self._dynamodb.get_item(TableName=self._table, Key=_key(owner, book_id), ConsistentRead=True)
        return _book(answer["Item"]) if "Item" in answer else None

    def page(self, owner: str, limit: int, after: str | None = None) -> tuple[list[Book], bool]:
        """The owner's books, newest first, beginning after the book `after`; and whether there are more."""
        names = {":owner": f"user#{owner}", ":first": "book#", ":last": f"book#{after or '~'}"}
        answer = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :owner AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues=to_item(names),
            ScanIndexForward=False,
            Limit=limit + 2,
            ConsistentRead=True,
        )
        books = [book for book in map(_book, answer["Items"]) if book.id != after]
        return books[:limit], len(books) > limit

    def remove(self, owner: str, book_id: str) -> bool:
        """Delete a book; False if the owner has none of this id."""
        answer = self._dynamodb.delete_item(TableName=self._table, Key=_key(owner, book_id), ReturnValues="ALL_OLD")
        return "Attributes" in answer


def _key(owner: str, book_id: str) -> Item:
    return to_item({"pk": f"user#{owner}", "sk": f"book#{book_id}"})


def _book_item(owner: str, book: Book) -> Item:
    return _key(owner, book.id) | to_item({"kind": "book", **asdict(book)})


def _book(item: Item) -> Book:
    values = from_item(item)
    return Book(
        id=values["id"],
        title=values["title"],
        author=values["author"],
        isbn=values.get("isbn"),
        created_at=values["created_at"],
        updated_at=values["updated_at"],
        version=values["version"],
    )
