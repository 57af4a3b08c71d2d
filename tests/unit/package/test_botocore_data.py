"""botocore's cut data says on the wire what the whole data says, and understands the same answers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore
import botocore.session
import pytest
from botocore import xform_name
from botocore.loaders import Loader

from package import PackageError
from package.botocore_data import cut_model
from package.build import BUILD
from package.bundles import BUNDLES
from package.contents import _describe_recipe
from package.dependencies import install_dependencies
from package.target import choose_laptop

#: With all that any notification may need.
FUNCTION = BUNDLES[0].for_catalogue({"notifications": {"invoice.ready": {"attachments": True}}})
TRANSCRIPT = Path(__file__).with_name("botocore_transcript.py")
STOCK = Path(botocore.__file__).parents[1]


def models() -> dict[str, dict[str, Any]]:
    loader = Loader()
    return {service: loader.load_service_model(service, "service-2") for service in FUNCTION.operations}


def regions() -> list[str]:
    partitions = Loader().load_data("endpoints")["partitions"]
    return sorted({region for partition in partitions for region in partition["regions"]})


def fill(model: dict[str, Any], name: str, depth: int = 6) -> Any:
    """A value for a shape, with every member given, down to where a shape holds itself."""
    shape = model["shapes"][name]
    match shape["type"]:
        case "structure":
            members = shape["members"].items() if depth else []
            # Another endpoint and an asymmetric signature, which need a library that neither has.
            wanted = [(key, at) for key, at in members if key != "EndpointId"]
            one = wanted[:1] if shape.get("union") else wanted
            return {key: fill(model, at["shape"], depth - 1) for key, at in one}
        case "list":
            return [fill(model, shape["member"]["shape"], depth - 1)] if depth else []
        case "map":
            return {"key": fill(model, shape["value"]["shape"], depth - 1)} if depth else {}
        case "string":
            url = "Url" in str(shape) + name or (model["metadata"]["serviceId"] == "SQS" and name == "String")
            return shape.get("enum", ["https://sqs.us-east-1.amazonaws.com/0/q" if url else "word"])[0]
    return {"timestamp": 1_795_248_000, "blob": b"bytes", "boolean": True, "double": 0.5, "integer": 1, "long": 1}[
        shape["type"]
    ]


def calls() -> list[tuple[Any, ...]]:
    """Every operation, one of each service in every region, and every error that its service can answer with."""
    found: list[tuple[Any, ...]] = []
    for service, model in models().items():
        errors = [name for name, shape in model["shapes"].items() if shape.get("exception")]
        for number, operation in enumerate(sorted(FUNCTION.operations[service])):
            arguments = fill(model, model["operations"][operation]["input"]["shape"])
            where = ["eu-west-1"] if number else regions()  # an endpoint is of a service, not of its operation
            found += [(service, region, operation, arguments, 200, {}, b"{}") for region in where]
            for error in [*errors, "NeverHeardOf"]:
                body: dict[str, Any] = {
                    "__type": f"{service}#{error}",
                    "message": "no",
                    "Message": "no",
                    "Item": {"pk": {"S": "x"}},
                }
                body["CancellationReasons"] = [{"Code": "ConditionalCheckFailed", "Item": {"pk": {"S": "x"}}}]
                headers = {"x-amzn-errortype": error, "x-amzn-requestid": "1"}
                call = (service, "eu-west-1", operation, arguments, 400, headers, json.dumps(body).encode())
                found.append(call)
    return found


def transcribe(root: Path, said: list[tuple[Any, ...]]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-P", str(TRANSCRIPT), str(root)],
        input="\n".join(map(repr, said)),
        env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"},  # the user agent lists a set
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


@pytest.mark.slow
def test_every_operation_speaks_and_hears_as_with_the_whole_data() -> None:
    cut = install_dependencies(FUNCTION, choose_laptop(), BUILD / "dependencies", _describe_recipe())
    said = calls()
    assert len(said) > 300
    whole, ours = transcribe(STOCK, said), transcribe(cut, said)
    assert len(whole) == len(said)
    sent = [line for line in whole if "https://" in line.partition("]")[0]]
    assert len(sent) > len(said) * 0.9, "the calls are real ones"
    for stock, short in zip(whole, ours, strict=True):
        assert short.replace(str(cut), "") == stock.replace(str(STOCK), "")


def test_the_operations_on_the_list_are_those_that_the_function_calls() -> None:
    code = "\n".join(path.read_text("utf-8") for path in FUNCTION.folder.rglob("*.py"))
    called = set(re.findall(r"\.(\w+)\(", code))
    for service, model in models().items():
        theirs = {name for name in model["operations"] if xform_name(name) in called}
        listed = FUNCTION.operations[service]
        others = {name for other, names in FUNCTION.operations.items() if other != service for name in names}
        assert listed <= theirs, f"{service}: listed and never called"
        assert theirs - listed <= others, f"{service}: called and not listed"


def test_an_operation_that_does_not_exist_stops_the_build() -> None:
    with pytest.raises(PackageError, match="DynamoDB has no operation PutMail"):
        cut_model(models()["dynamodb"], frozenset({"GetItem", "PutMail"}))


def test_a_cut_model_holds_no_other_operation_and_no_documentation() -> None:
    cut = cut_model(models()["dynamodb"], frozenset({"GetItem"}))
    assert list(cut["operations"]) == ["GetItem"]
    assert "documentation" not in json.dumps(cut)
    assert "TransactionCanceledException" in cut["shapes"], "any operation may answer with any error"
