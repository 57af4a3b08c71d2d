"""What a worst-case AWS does to botocore's clients: each documented error once an operation, and the value before."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config

from laptop.model_validation import WrongAnswer, load_operation_model
from tests.documented.worst_case_clients import RETRYABLE, WorstCaseClients, WrongRequest

WORST_CASE = {"worst_case": True}


def test_each_documented_error_that_heals_comes_once_for_an_operation_also_of_ses() -> None:
    clients = WorstCaseClients()
    for service, operation in (("sesv2", "GetAccount"), ("dynamodb", "UpdateItem"), ("lambda", "GetAlias")):
        model = load_operation_model(service, operation)
        documented = {shape.name for shape in model.error_shapes} & {*RETRYABLE}
        raised = [clients.error(model, WORST_CASE) for _ in range(len(documented) + 2)]
        assert {code for code in raised if code} == documented != set()
        assert raised[len(documented) :] == [None, None]
    assert clients.error(load_operation_model("sesv2", "GetEmailIdentity"), {"worst_case": False}) is None


def test_a_client_that_asks_ses_once_meets_no_error_of_chance() -> None:
    once = WORST_CASE | {"client_config": Config(retries={"total_max_attempts": 1})}
    assert WorstCaseClients().error(load_operation_model("sesv2", "SendEmail"), once) is None
    assert (
        WorstCaseClients().error(load_operation_model("sesv2", "SendEmail"), WORST_CASE) == "TooManyRequestsException"
    )


def test_an_alias_is_once_read_as_it_was_before_somebody_moved_it() -> None:
    """By UpdateAlias, Herald's or CodeDeploy's."""
    clients, context = WorstCaseClients(), WORST_CASE | {"worst case alias": "herald-notify:live"}

    def ask(version: str) -> Any:
        answer = {"FunctionVersion": version, "RevisionId": f"r{version}", "ResponseMetadata": {}}
        clients.after_call(answer, load_operation_model("lambda", "GetAlias"), dict(context))
        return answer.get("FunctionVersion")

    assert ask("1") == "1"
    assert [ask("2") for _ in range(3)] == ["1", "2", "2"]
    assert [ask("3") for _ in range(2)] == ["2", "3"]


def test_a_test_meets_what_no_test_before_it_left() -> None:
    clients, model = WorstCaseClients(), load_operation_model("dynamodb", "UpdateItem")
    first = clients.error(model, WORST_CASE)
    clients.begin(True)
    assert clients.error(model, WORST_CASE) == first is not None


@pytest.mark.parametrize("asked_by_herald", [True, False])
def test_an_answer_that_aws_never_gives_is_found_whoever_asked_and_whoever_answered(asked_by_herald: bool) -> None:
    def ask(answer: dict[str, Any]) -> None:
        model = load_operation_model("sesv2", "GetEmailIdentity")
        WorstCaseClients().after_call(answer | {"ResponseMetadata": {}}, model, {"worst_case": asked_by_herald})

    ask({"IdentityType": "DOMAIN"})
    ask({"Error": {"Code": "NotFoundException"}, "IdentityType": 7})
    with pytest.raises(WrongAnswer) as told:
        ask({"IdentityType": "HOST", "VerificationStatus": 5})
    assert {*str(told.value).split("; ")} == {
        "GetEmailIdentity.IdentityType is never 'HOST'",
        "GetEmailIdentity.VerificationStatus is a string, not 5",
    }


def test_a_request_that_aws_would_refuse_is_found_though_botocore_lets_it_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.documented.worst_case_clients._is_called_by_herald", lambda: True)
    model = load_operation_model("cloudwatch", "DeleteAlarms")
    WorstCaseClients().before_parameters({"AlarmNames": ["a" * 255]}, model, {})
    with pytest.raises(WrongRequest, match="is above 255"):
        WorstCaseClients().before_parameters({"AlarmNames": ["a" * 256]}, model, {})
