"""What mean mode does to botocore's clients: each documented error once an operation, and the value before."""

from __future__ import annotations

from typing import Any

from botocore.config import Config

from laptop.service_model import operation_model
from tests.documented.mean_clients import RETRYABLE, MeanClients

MEAN = {"mean": True}


def test_each_documented_error_that_heals_comes_once_for_an_operation_also_of_ses() -> None:
    mean = MeanClients()
    for service, operation in (("sesv2", "GetAccount"), ("dynamodb", "UpdateItem"), ("lambda", "GetAlias")):
        model = operation_model(service, operation)
        documented = {shape.name for shape in model.error_shapes} & {*RETRYABLE}
        raised = [mean.error(model, MEAN) for _ in range(len(documented) + 2)]
        assert {code for code in raised if code} == documented != set()
        assert raised[len(documented) :] == [None, None]
    assert mean.error(operation_model("sesv2", "GetEmailIdentity"), {"mean": False}) is None


def test_a_client_that_asks_ses_once_meets_no_error_of_chance() -> None:
    once = MEAN | {"client_config": Config(retries={"total_max_attempts": 1})}
    assert MeanClients().error(operation_model("sesv2", "SendEmail"), once) is None
    assert MeanClients().error(operation_model("sesv2", "SendEmail"), MEAN) == "TooManyRequestsException"


def test_an_alias_is_once_read_as_it_was_before_it_moved() -> None:
    mean, context = MeanClients(), MEAN | {"mean alias": "herald-notify:live"}

    def ask(operation: str, version: str) -> Any:
        answer = {"FunctionVersion": version, "RevisionId": f"r{version}", "ResponseMetadata": {}}
        mean.after_call(answer, operation_model("lambda", operation), dict(context))
        return answer.get("FunctionVersion")

    assert ask("GetAlias", "1") == "1"
    ask("UpdateAlias", "2")
    assert [ask("GetAlias", "2") for _ in range(3)] == ["1", "2", "2"]
