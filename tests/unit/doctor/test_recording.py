"""What is kept of AWS's answers names nobody, and the doctor sees in it what it saw."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from doctor.check import CheckStatus, run
from doctor.checks import CHECKS
from doctor.checks.other_regions import CHECKS as OTHER_REGIONS
from doctor.recording import Recording, RecordingAwsApi, UnrecordedError
from doctor.scrubbing import Scrubber
from doctor.smoke import STEPS, Smoke
from laptop.model_validation import list_violations
from tests.unit.doctor.fake_cloud import ACCOUNT, HEALTHY, NOW, FakeCloud, context, error
from tests.unit.doctor.shapes import RECORDED, shapes_of
from tests.unit.doctor.test_other_regions import two_regions
from tests.unit.doctor.test_web_app import certificate, served

#: Where an emulator's answer is none that AWS could give.
UNLIKE_AWS = {
    ("cognito-idp", "DescribeUserPool"): "ministack: texts of mails and messages are empty",
    ("lambda", "GetFunctionConfiguration"): "ministack: RuntimeVersionArn is empty",
}


def record(path: Path, answers: dict[tuple[str, str], Any], **changes: Any) -> Recording:
    """What is kept of a run of all checks."""
    recorder = RecordingAwsApi(FakeCloud({**HEALTHY, **answers}))
    run(CHECKS, context(cloud=recorder, **changes))
    Recording(NOW, "eu-west-1", "eu-west-1", "1", recorder.calls).write(path)
    return Recording.read(path)


def test_a_recording_is_judged_as_what_was_recorded(tmp_path: Path) -> None:
    rung = {
        "MetricAlarms": [{"AlarmName": "herald-notify-errors", "StateValue": "ALARM", "StateUpdatedTimestamp": NOW}]
    }
    broken = {
        ("cloudwatch", "DescribeAlarms"): rung,
        ("lambda", "GetAlias"): error("ResourceNotFoundException", "GetAlias", 404),
        ("kms", "GetKeyPolicy"): error("AccessDeniedException", "GetKeyPolicy", 403),
    }
    before = run(CHECKS, context(broken))
    again = run(CHECKS, context(cloud=record(tmp_path / "answers.json", broken)))
    assert [(one.id, one.status) for one in again] == [(one.id, one.status) for one in before]


def test_a_recording_names_no_account_person_or_domain(tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    settings = {
        "HERALD_FROM": "Ada's Shop <books@mail.example.com>",
        "HERALD_PROVIDERS": "smtp://ada:secret@relay.ada.net",
    }
    answers = {
        ("lambda", "GetFunctionConfiguration"): {"Environment": {"Variables": settings}, "RevisionId": "a-token"},
        ("sts", "GetCallerIdentity"): {
            "Account": ACCOUNT,
            "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/admins/ada@example.com",
            "UserId": "AROAIOSFODNN7EXAMPLE:ada@example.com",
        },
        ("cognito-idp", "ListUserPools"): {"UserPools": [{"Id": "eu-west-1_aB3dE6gH9", "Name": "herald"}]},
        ("sesv2", "GetAccount"): HEALTHY["sesv2", "GetAccount"]
        | {"Details": {"WebsiteURL": "https://ada.net", "UseCaseDescription": "letters to Ada"}},
    }
    record(path, answers)
    text = path.read_text().lower()
    for secret in (
        ACCOUNT,
        "ada@",
        "ada's",
        "ada.net",
        "to ada",
        "example.com",
        "secret",
        "a-token",
        "ab3de6gh9",
        "aroaiosfodnn7example",
    ):
        assert secret not in text, secret


def test_the_same_thing_becomes_the_same_word_in_question_and_answer() -> None:
    calls = [
        {"parameters": {"EmailIdentity": "shop.example.org"}, "answer": {"From": "a@shop.example.org"}},
        {"parameters": {"EmailIdentity": "example.org"}, "answer": {"From": "b@example.org, a@shop.example.org"}},
        {"parameters": {}, "answer": {"Domain": "bounce.example.org", "To": "success+1@simulator.amazonses.com"}},
    ]
    assert Scrubber(calls).scrub(calls) == [
        {
            "parameters": {"EmailIdentity": "shop.domain-1.example"},
            "answer": {"From": "person-1@shop.domain-1.example"},
        },
        {
            "parameters": {"EmailIdentity": "domain-1.example"},
            "answer": {"From": "person-2@domain-1.example, person-1@shop.domain-1.example"},
        },
        {"parameters": {}, "answer": {"Domain": "bounce.domain-1.example", "To": "success+1@simulator.amazonses.com"}},
    ]


def test_a_host_of_ones_own_is_not_told_and_judged_as_before(tmp_path: Path) -> None:
    coming = {
        ("apigatewayv2", "GetApi"): HEALTHY["apigatewayv2", "GetApi"]
        | {"Tags": {"Certificate": "arn:aws:acm:eu-west-1:111122223333:certificate/0a1b-2c", "Owner": "ada"}}
    }
    for answers in (coming | certificate("ISSUED"), served() | certificate("EXPIRED")):
        before = run(CHECKS, context(answers))
        path = tmp_path / "answers.json"
        again = run(CHECKS, context(cloud=record(path, answers)))
        assert [(one.id, one.status) for one in again] == [(one.id, one.status) for one in before]
        text = path.read_text()
        assert not [told for told in ("books.example.com", "0a1b-2c", '"ada"') if told in text]


def test_the_ids_of_http_apis_are_not_told_and_still_fit_together(tmp_path: Path) -> None:
    items = [
        {"Name": "herald-gateway", "ApiId": "a1b2c3d4e5", "ProtocolType": "HTTP", "RouteSelectionExpression": "$r"}
    ]
    items.append(items[0] | {"Name": "another", "ApiId": "z9y8x7w6v5"})
    settings = {"HERALD_FROM": "books@mail.example.com", "HERALD_PUBLIC_URL": "https://a1b2c3d4e5.execute-api.x"}
    answers = {
        ("apigatewayv2", "GetApis"): {"Items": items},
        ("lambda", "GetFunctionConfiguration"): {"Environment": {"Variables": settings}},
    }
    before = run(CHECKS, context(answers))
    again = run(CHECKS, context(cloud=record(tmp_path / "answers.json", answers)))
    assert [(one.id, one.status) for one in again] == [(one.id, one.status) for one in before]
    assert not [id_ for id_ in ("a1b2c3d4e5", "z9y8x7w6v5") if id_ in (tmp_path / "answers.json").read_text()]


def test_another_region_of_ses_is_recorded_and_other_providers_are_not(tmp_path: Path) -> None:
    answers = two_regions(GetAccount=HEALTHY["sesv2", "GetAccount"] | {"SendingEnabled": False})
    settings = answers["lambda", "GetFunctionConfiguration"]["Environment"]["Variables"]
    settings["HERALD_PROVIDERS"] += ",smtp://relay.ada.net:587"
    before = run(OTHER_REGIONS, context(answers))
    again = run(OTHER_REGIONS, context(cloud=record(tmp_path / "answers.json", answers)))
    assert [(one.id, one.status) for one in again] == [(one.id, one.status) for one in before]
    assert "ada.net" not in (tmp_path / "answers.json").read_text()


def test_of_bytes_only_their_number_is_kept(tmp_path: Path) -> None:
    class Cloud:
        def ask(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
            return {"Item": {"body": {"B": b"a private event"}}, "at": datetime(2026, 1, 2, tzinfo=UTC)}

    recorder = RecordingAwsApi(Cloud())
    recorder.ask("dynamodb", "GetItem", Key={"pk": {"S": "x"}})
    path = tmp_path / "answers.json"
    Recording(NOW, "r", "w", "1", recorder.calls).write(path)
    assert Recording.read(path).ask("dynamodb", "GetItem", Key={"pk": {"S": "x"}}) == {
        "Item": {"body": {"B": bytes(len(b"a private event"))}},
        "at": datetime(2026, 1, 2, tzinfo=UTC),
    }


def test_what_was_never_asked_has_no_answer_and_what_was_refused_is_refused_again(tmp_path: Path) -> None:
    denied = {("sesv2", "GetAccount"): error("AccessDeniedException", "GetAccount", 403, "not you")}
    recording = record(tmp_path / "answers.json", denied)
    with pytest.raises(UnrecordedError, match="GetDedicatedIps"):
        recording.ask("sesv2", "GetDedicatedIps")
    with pytest.raises(ClientError) as refused:
        recording.ask("sesv2", "GetAccount")
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


class TestTheCommittedRecording:
    """Recorded by `herald doctor --local --record tests/unit/doctor/recorded.json` on a laptop cloud, and one event of
    `herald smoke --local --events 200 --record …` there."""

    def test_the_doctor_finds_in_it_what_it_found(self) -> None:
        recording = Recording.read(RECORDED)
        region = recording.region
        replayed = context(
            cloud=recording, region=region, regions=(("AWS_REGION", region),), now=recording.at, local=True
        )
        found = {one.id: one.status for one in run(CHECKS, replayed) if one.status is not CheckStatus.OK}
        assert found == dict.fromkeys(
            (
                "cognito-mail",
                "dns-dkim",
                "dns-dmarc",
                "dns-mx",
                "dns-spf",
                "key",
                "ses-delivery-mode",
                "ses-mail-from",
                "ses-plan",
                "ses-tenants",  # whose they are is not recorded
            ),
            CheckStatus.WARNING,
        )

    def test_the_smoke_test_follows_its_event_to_where_it_went(self) -> None:
        recording = Recording.read(RECORDED)
        published = next(call for call in recording.calls if call.operation == "Publish")
        sent = datetime.fromisoformat(json.loads(published.parameters["Message"])["time"]).timestamp()

        class AwsAccount:
            """Takes any event for the recorded one."""

            def ask(self, service: str, operation: str, /, **parameters: Any) -> Any:
                known = published.parameters if operation == "Publish" else parameters
                assert known.keys() == parameters.keys()
                return recording.ask(service, operation, **known)

        smoke = Smoke(
            context(cloud=AwsAccount(), region=recording.region),
            published.parameters["TopicArn"],
            "herald-ledger",
            "book.created",
            {"recipient": {"email": "ada@example.com", "locale": "en"}},
            lambda: sent,
            lambda _: pytest.fail("nothing is waited for"),
        )
        [journey] = smoke.run(1, 1.0)
        assert (journey.state, journey.delivered) == ("delivered", True)
        assert [*journey.seconds] == [*STEPS]
        assert sorted(journey.seconds.values()) == [*journey.seconds.values()]

    def test_it_stands_in_botocores_shapes(self) -> None:
        unlike = set()
        for call in Recording.read(RECORDED).calls:
            try:
                assert not list_violations(call.service, call.operation, call.answer or {})
            except AssertionError:
                unlike.add((call.service, call.operation))
        assert unlike == UNLIKE_AWS.keys()

    def test_a_shape_refuses_what_was_never_recorded(self) -> None:
        calls = Recording.read(RECORDED).calls
        account = next(call for call in calls if call.operation == "GetAccount")
        shape = shapes_of(calls)["answer of sesv2 GetAccount"]
        shape.require(shape, "GetAccount")
        more = json.loads(json.dumps(account.answer)) | {"New": 1}
        with pytest.raises(AssertionError, match="New was never recorded"):
            shape.require(type(shape)().add(more), "GetAccount")
        other = dict(account.answer or {}) | {"SendingEnabled": "true"}
        with pytest.raises(AssertionError, match="SendingEnabled is"):
            shape.require(type(shape)().add(other), "GetAccount")
