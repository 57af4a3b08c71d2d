"""`make pause` and `make resume` on moto: what is put aside and put back, and where an interruption goes on."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from typer.testing import CliRunner, Result

from herald.cli import app
from operations.errors import UserError
from operations.pause import PauseStatus, pause, read_pause_status, resume

NOTIFY = "herald-notify"


class Lambda:
    """A Herald's function, alias, queue and mapping in moto, and the client that the commands use."""

    def __init__(self, reserved: int | None) -> None:
        make: Any = boto3.client
        self.client = make("lambda")
        role = make("iam").create_role(RoleName="herald", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("a.py", "")
        self.client.create_function(
            FunctionName=NOTIFY, Runtime="python3.13", Role=role, Handler="a.b", Code={"ZipFile": code.getvalue()}
        )
        self.sqs = make("sqs")
        self.retry = self.sqs.create_queue(QueueName="herald-retry")["QueueUrl"]
        queue = self.sqs.get_queue_attributes(QueueUrl=self.retry, AttributeNames=["QueueArn"])["Attributes"]
        self.client.create_event_source_mapping(EventSourceArn=queue["QueueArn"], FunctionName=NOTIFY, BatchSize=1)
        if reserved is not None:
            self.client.put_function_concurrency(FunctionName=NOTIFY, ReservedConcurrentExecutions=reserved)

    @property
    def stands(self) -> PauseStatus:
        return read_pause_status(self.client, NOTIFY)


@pytest.fixture(params=[None, 16], ids=["no concurrency reserved", "16 reserved"])
def function(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lambda]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield Lambda(request.param)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_resume_puts_back_what_pause_took(function: Lambda) -> None:
    before = function.stands
    assert before.running
    pause(function.client, NOTIFY)
    assert function.stands.paused
    assert (function.stands.concurrency, function.stands.reads) == (0, False)
    resume(function.client, NOTIFY)
    assert function.stands == before


def test_both_may_be_said_twice(function: Lambda) -> None:
    before = function.stands
    pause(function.client, NOTIFY)
    assert pause(function.client, NOTIFY).paused
    resume(function.client, NOTIFY)
    assert resume(function.client, NOTIFY).running
    assert function.stands == before


class Interrupted:
    """A client that fails at one call of it that changes anything."""

    CHANGES = ("tag_resource", "untag_resource", "update_event_source_mapping", "put_function_concurrency")

    def __init__(self, client: Any, at: int) -> None:
        self.client, self.left = client, at

    def __getattr__(self, name: str) -> Any:
        if name in (*self.CHANGES, "delete_function_concurrency"):
            self.left -= 1
            if self.left < 0:
                raise ClientError({"Error": {"Code": "ServiceException", "Message": "gone"}}, name)
        return getattr(self.client, name)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_after_an_interruption_either_goes_on_or_back(function: Lambda, at: int) -> None:
    before = function.stands
    client: Any = Interrupted(function.client, at)
    with pytest.raises(ClientError):
        pause(client, NOTIFY)
    pause(function.client, NOTIFY)
    assert function.stands.paused
    client = Interrupted(function.client, at)
    with pytest.raises(ClientError):
        resume(client, NOTIFY)
    resume(function.client, NOTIFY)
    assert function.stands == before


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_pause_that_was_interrupted_can_be_taken_back(function: Lambda, at: int) -> None:
    before = function.stands
    client: Any = Interrupted(function.client, at)
    with pytest.raises(ClientError):
        pause(client, NOTIFY)
    resume(function.client, NOTIFY)
    assert function.stands == before


def test_the_queue_is_shut_before_events_are_parked_in_it(function: Lambda) -> None:
    client: Any = Interrupted(function.client, 2)
    with pytest.raises(ClientError):
        pause(client, NOTIFY)
    assert not function.stands.reads
    assert function.stands.concurrency != 0


def test_a_concurrency_that_changed_since_an_interrupted_resume_is_the_one_that_is_kept(function: Lambda) -> None:
    pause(function.client, NOTIFY)
    client: Any = Interrupted(function.client, 2)
    with pytest.raises(ClientError):
        resume(client, NOTIFY)
    function.client.put_function_concurrency(FunctionName=NOTIFY, ReservedConcurrentExecutions=9)
    pause(function.client, NOTIFY)
    resume(function.client, NOTIFY)
    assert function.stands.concurrency == 9


def test_a_function_that_somebody_else_stopped_is_refused(function: Lambda) -> None:
    function.client.put_function_concurrency(FunctionName=NOTIFY, ReservedConcurrentExecutions=0)
    for change in (pause, resume):
        with pytest.raises(UserError, match="nobody knows what it was"):
            change(function.client, NOTIFY)
    assert function.stands.reads


def test_the_commands_say_what_they_did_and_what_waits(function: Lambda) -> None:
    function.sqs.send_message(QueueUrl=function.retry, MessageBody=json.dumps({"an": "event"}))
    first, second = run("pause").output, run("pause").output
    assert "herald-notify is paused" in first
    assert "About 1 event waits now." in first
    assert "was paused already: nothing was changed" in second
    assert "say --yes" in str(run("resume").exception), "it would send"
    assert function.stands.paused
    first, second = run("resume", "--yes").output, run("resume").output
    assert "herald-notify runs again" in first
    assert "About 1 event waits. They are sent now, each once." in first
    assert "was not paused: nothing was changed" in second


def test_a_herald_that_is_not_there_is_a_plain_error(function: Lambda) -> None:
    for command in ("pause", "resume"):
        result = run(command, "--prefix", "nobody")
        assert isinstance(result.exception, UserError)
        assert "nobody" in str(result.exception)
