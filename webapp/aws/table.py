"""The `books` table as plain data: what the laptop creates, the tests use and Terraform mirrors.

| item | pk | sk | holds |
|---|---|---|---|
| book | `user#<sub>` | `book#<ulid>` | one book; no other user's key can reach it |
| outbox event | `outbox#<subject>` | `<event ulid>` | the CloudEvent, byte for byte as it is published, and its state |
| account | `user#<sub>` | `account` | language and time zone; and for 40 days that it was deleted, and when |
| deleted book | `user#<sub>` | `deleted#<ulid>` | title and author, for its mails' story; for 360 days |
| mail budget | `user#<sub>` | `mails#<day>` | how many mails the account caused that day, and in each ten minutes |
| audit | `audit` | `<ulid>`, `<ulid>#outcome` | what an operator meant to do, and what came of it; for two years |
| renewal | `renewal#<sha256>` | `renewal` | the session that a refresh token was renewed to, encrypted; for a minute |
| idempotency key | `user#<sub>` | `key#<sha256>` | the answer to repeat; gone after a day by TTL |

An outbox event carries `queue` and `since` only while somebody still has to do something about it, so the index
`pending` stays as small as the backlog. `queue` is `unpublished#<shard>` until SNS took the event, then
`unsettled#<shard>` until the ledger has it at rest.
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

#: Pattern of the relay's event source mapping: new outbox events only.
RELAY_FILTER = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": ["outbox"]}}}}


def format_user_key(sub: str) -> str:
    """Partition key of all that one person has; no other person's requests make it."""
    return f"user#{sub}"
