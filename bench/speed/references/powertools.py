"""The same mail, sent with the usual libraries: Powertools Idempotency, Logger and Metrics, boto3, jsonschema, jinja2.

Written from their documentation, with every choice made in their favour: validators and templates are compiled once,
and each mail writes one metric and one log line. The unsubscribe link is signed like Herald's.
https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import os
from pathlib import Path
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent
from jinja2 import Environment, StrictUndefined
from jsonschema import Draft202012Validator
from markupsafe import Markup

__all__ = ["handler"]

_SOURCES = Path(os.environ["BENCH_SOURCES"])
_PARTS = ("subject.txt", "body.txt", "body.html")


def _shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _load_templates() -> dict[str, Any]:
    environments = {name: Environment(undefined=StrictUndefined, autoescape=name.endswith("html")) for name in _PARTS}
    for environment in environments.values():
        environment.filters |= {"shorten": _shorten, "link": lambda url: Markup(html.escape(url))}
    return {
        name: environments[name.rpartition("/")[2]].from_string(source)
        for name, source in catalogue["templates"].items()
    }


logger = Logger(service="notify")
metrics = Metrics(namespace="Bench", service="notify")
ses = boto3.client("sesv2")
layer = DynamoDBPersistenceLayer(table_name="idempotency", boto3_client=boto3.client("dynamodb"))
config = IdempotencyConfig(event_key_jmespath="powertools_json(Records[0].Sns.Message).[source, id]")
envelope = Draft202012Validator(json.loads((_SOURCES / "event.schema.json").read_text()))
validators = {"book.created": Draft202012Validator(json.loads((_SOURCES / "book.created.json").read_text()))}
catalogue = json.loads((_SOURCES / "catalogue.json").read_text())
templates = _load_templates()


def _unsubscribe_url(email: str) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"category": "books", "sub": email}).encode()).decode()
    signature = base64.urlsafe_b64encode(hmac.new(b"k" * 64, claims.encode(), hashlib.sha256).digest()).decode()
    return f"https://herald.example/unsubscribe/{claims}.{signature}"


@metrics.log_metrics
@idempotent(persistence_store=layer, config=config)
def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    """Validate, render and send one mail."""
    sns = event["Records"][0]["Sns"]
    document = json.loads(sns["Message"])
    envelope.validate(document)
    data = document["data"]
    validators[document["type"]].validate(data)
    folder = f"{document['type']}/{data['recipient']['locale']}"
    stop = _unsubscribe_url(data["recipient"]["email"])
    filled = data | {"unsubscribe_url": stop, "brand": catalogue["brand"]}
    subject, text, page = (templates[f"{folder}/{part}"].render(filled) for part in _PARTS)
    answer = ses.send_email(
        FromEmailAddress="Herald <books@herald.example>",
        Destination={"ToAddresses": [data["recipient"]["email"]]},
        Content={
            "Simple": {
                "Subject": {"Data": subject, "Charset": "UTF-8"},
                "Body": {"Text": {"Data": text, "Charset": "UTF-8"}, "Html": {"Data": page, "Charset": "UTF-8"}},
                "Headers": [
                    {"Name": "Traceparent", "Value": document["traceparent"]},
                    {"Name": "List-Unsubscribe", "Value": f"<{stop}>"},
                    {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
                ],
            }
        },
        ConfigurationSetName="herald",
        EmailTags=[{"Name": "message_id", "Value": sns["MessageId"]}],
    )
    metrics.add_metric(name="Sent", unit=MetricUnit.Count, value=1)
    logger.info("sent", message_id=sns["MessageId"], type=document["type"])
    return {"MessageId": answer["MessageId"]}
