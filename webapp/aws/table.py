"""The definition of the `books` table, which the laptop cloud and the tests create and Terraform mirrors.

| item | pk | sk | holds |
|---|---|---|---|
| book | `user#<sub>` | `book#<ulid>` | one book; no other user's key can reach it |
| outbox event | `outbox#<subject>` | `<event ulid>` | the CloudEvent, byte for byte as it is published, and its state |
| account | `user#<sub>` | `account` | language and time zone; if it was deleted, when, for 40 days |
| deleted book | `user#<sub>` | `deleted#<ulid>` | title and author, shown with its mails' timelines; for 360 days |
| mail budget | `user#<sub>` | `mails#<day>` | how many mails the account caused that day, and in each ten minutes |
| audit | `audit` | `<ulid>`, `<ulid>#outcome` | an operator's action before it began, and its outcome; for two years |
| renewal | `renewal#<sha256>` | `renewal` | the session that a refresh token was renewed to, encrypted; for a minute |
| idempotency key | `user#<sub>` | `key#<sha256>` | the answer to repeat; deleted after a day by TTL |

An outbox event has `queue` and `since` only while it still needs to be processed, so the index `pending` is only as
large as the backlog. `queue` is `unpublished#<shard>` until SNS accepts the event, then `unsettled#<shard>` until the
ledger has it at rest.
"""

from __future__ import annotations

__all__ = [
    "DEFINITION",
    "EXPIRES_AT",
    "PARTITION_KEY",
    "PENDING_INDEX",
    "QUEUE",
    "RELAY_FILTER",
    "SINCE",
    "SORT_KEY",
    "format_user_key",
]

PARTITION_KEY = "pk"
SORT_KEY = "sk"
EXPIRES_AT = "expires_at"
PENDING_INDEX = "pending"
QUEUE = "queue"
SINCE = "since"

#: Arguments of DynamoDB's `CreateTable`, without the table's name.
DEFINITION = {
    "AttributeDefinitions": [
        {"AttributeName": PARTITION_KEY, "AttributeType": "S"},
        {"AttributeName": SORT_KEY, "AttributeType": "S"},
        {"AttributeName": QUEUE, "AttributeType": "S"},
        {"AttributeName": SINCE, "AttributeType": "N"},
    ],
    "KeySchema": [
        {"AttributeName": PARTITION_KEY, "KeyType": "HASH"},
        {"AttributeName": SORT_KEY, "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": PENDING_INDEX,
            "KeySchema": [
                {"AttributeName": QUEUE, "KeyType": "HASH"},
                {"AttributeName": SINCE, "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
}

#: Filter of the relay's event source mapping: new outbox events only.
RELAY_FILTER = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": ["outbox"]}}}}


def format_user_key(sub: str) -> str:
    """Partition key of all items of one user; no other user's requests can build it."""
    return f"user#{sub}"
