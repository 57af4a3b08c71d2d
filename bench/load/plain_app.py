"""The app that most tutorials show: put the item, publish the event, answer. Runs in its own environment."""

from __future__ import annotations

import json
import os
import uuid
from datetime import UTC, datetime

import boto3
from flask import Flask, Response, jsonify, request

__all__ = ["app"]

app = Flask(__name__)
dynamodb = boto3.client("dynamodb")
sns = boto3.client("sns")
TABLE = os.environ["HERALD_BOOKS_TABLE"]
TOPIC = os.environ["HERALD_EVENTS_TOPIC_ARN"]


@app.post("/v1/books")
def add_book() -> tuple[Response, int]:
    """Store the book, then publish its event."""
    wish = request.get_json()
    book_id = uuid.uuid4().hex
    dynamodb.put_item(
        TableName=TABLE,
        Item={
            "pk": {"S": "user#ada"},
            "sk": {"S": f"book#{book_id}"},
            "kind": {"S": "plain"},
            "title": {"S": wish["title"]},
            "author": {"S": wish["author"]},
        },
    )
    event = {
        "specversion": "1.0",
        "id": book_id,
        "source": "urn:bench:plain",
        "type": "book.created",
        "time": datetime.now(UTC).isoformat(),
        "data": {
            "recipient": {"email": "ada@example.com", "name": "Ada", "locale": "en"},
            "book": {"id": book_id, **wish, "url": f"https://shop.example/books/{book_id}"},
        },
    }
    sns.publish(
        TopicArn=TOPIC,
        Message=json.dumps(event),
        MessageAttributes={"type": {"DataType": "String", "StringValue": "book.created"}},
    )
    return jsonify(id=book_id), 201
