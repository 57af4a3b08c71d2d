"""Notifications whose events may name several recipients: what a publisher may send of them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from function.message.recipients import MOST

__all__ = ["published_examples", "published_schema"]

Schema = dict[str, Any]


def published_schema(schema: Schema) -> Schema:
    """The schema of the data with `recipient`, or with `recipients`, which are as many of the same.

    https://json-schema.org/draft/2020-12/json-schema-core#section-10.2.1.3
    """
    properties = dict(schema["properties"])
    others = [name for name in schema["required"] if name != "recipient"]
    properties["recipients"] = {
        "description": f"1 to {MOST} recipients, instead of one: each gets a mail of their own",
        "type": "array",
        "minItems": 1,
        "maxItems": MOST,
        "items": copy.deepcopy(properties["recipient"]),
    }
    either = [{"required": ["recipient"]}, {"required": ["recipients"]}]
    return {**schema, "required": others, "properties": properties, "oneOf": either}


def published_examples(examples: Mapping[str, Any]) -> dict[str, Any]:
    """The examples, and one that goes to the recipients of all of them."""
    several = {name: value for name, value in next(iter(examples.values())).items() if name != "recipient"}
    several["recipients"] = [data["recipient"] for data in examples.values()]
    return {**examples, "several-recipients": several}
