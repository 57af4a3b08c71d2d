"""An SNS topic that keeps what was published to it, and fails as often as it is told to."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from laptop.model_validation import hold_to_model, request_violations

__all__ = ["FakeTopic"]


@dataclass(slots=True)
class FakeTopic:
    """An SNS topic: `told` are the messages that it took. In `faulty` of ten calls it fails, in one of three ways."""

    draw: random.Random = field(default_factory=lambda: random.Random(1))
    faulty: int = 0
    told: list[dict[str, Any]] = field(default_factory=list)
    #: Bytes of each call.
    sizes: list[int] = field(default_factory=list)

    def publish_batch(self, **request: Any) -> dict[str, Any]:
        """https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html"""
        assert request_violations("sns", "PublishBatch", request) == []
        entries = request["PublishBatchRequestEntries"]
        self.sizes.append(sum(len(each["Message"].encode()) + 100 for each in entries))
        assert 1 <= len(entries) <= 10
        assert self.sizes[-1] <= 262_144
        fault = self.draw.choice(["refused", "lost", "partly"]) if self.draw.random() * 10 < self.faulty else ""
        if fault == "refused":
            raise ClientError({"Error": {"Code": "Throttled", "Message": "Rate exceeded"}}, "PublishBatch")
        failed = (
            set(self.draw.sample(range(len(entries)), self.draw.randint(1, len(entries))))
            if fault == "partly"
            else set()
        )
        taken = [each for number, each in enumerate(entries) if number not in failed]
        self.told += [json.loads(each["Message"]) | {"attribute": each["MessageAttributes"]["type"]} for each in taken]
        if fault == "lost":
            raise EndpointConnectionError(endpoint_url="https://sns.us-east-1.amazonaws.com")
        answer = {
            "Successful": [{"Id": each["Id"], "MessageId": f"told-{each['Id']}"} for each in taken],
            "Failed": [
                {"Id": each["Id"], "Code": "InternalError", "SenderFault": False}
                for number, each in enumerate(entries)
                if number in failed
            ],
        }
        self.draw.shuffle(answer["Successful"])
        return hold_to_model("sns", "PublishBatch", {name: value for name, value in answer.items() if value})

    @property
    def calls(self) -> int:
        return len(self.sizes)

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.told]
