"""The two zips: what is in them, that they stand alone, and that their bytes depend on the source only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from package import Archive, Package, build, target
from package.notifications.catalogue import list_types
from package.target import LAMBDA_PYTHON, Architecture
from tests.package_builds import Packages

ROOT = Path(__file__).parents[3]
#: All of them, as `archive` asks for the packages by name, which takes half a minute of a processor.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packages")]

#: The machine word in the header of an ELF file, at byte 18.
MACHINES: dict[Architecture, tuple[str, bytes]] = {
    "arm64": ("aarch64", b"\xb7\x00"),
    "x86_64": ("x86_64", b"\x3e\x00"),
}


@pytest.fixture(scope="module")
def laptop() -> Package:
    return build("laptop")


@pytest.fixture(scope="module")
def cloud(packages: Packages) -> Package:
    return packages("arm64")


@pytest.fixture(params=["laptop-function", "laptop-webapp", "cloud-function", "cloud-webapp"])
def archive(request: pytest.FixtureRequest) -> Archive:
    """Each of the four zips."""
    built_for, bundle = request.param.split("-")
    package: Package = request.getfixturevalue(built_for)
    return {"function": package.function, "webapp": package.webapp}[bundle]


def names(archive: Archive) -> list[str]:
    with zipfile.ZipFile(archive.path) as opened:
        return opened.namelist()


IMPORT_ALL = """
import importlib, pathlib, pkgutil, sys
root, bundle = sys.argv[1:]
sys.path.insert(0, root)
package = importlib.import_module(bundle)
found = [bundle] + [module.name for module in pkgutil.walk_packages(package.__path__, bundle + ".")]
for name in found:
    if ".compiled" not in name:
        importlib.import_module(name)
if bundle == "function":
    from function.message.catalogue import Catalogue
    print("types:", *sorted(Catalogue.load().types))
outside = {name for name, module in sys.modules.items() if getattr(module, "__file__", None)
           and not module.__file__.startswith((root, sys.base_prefix))}
print("imported:", len(found), "outside:", *sorted(outside))
print("heavy:", *sorted({"jsonschema", "jinja2", "mjml", "boto3"} & set(sys.modules)))
"""


@pytest.mark.parametrize("bundle", ["function", "webapp"])
def test_every_module_imports_from_the_unpacked_zip_alone(laptop: Package, tmp_path: Path, bundle: str) -> None:
    path = {"function": laptop.function_zip, "webapp": laptop.webapp_zip}[bundle]
    with zipfile.ZipFile(path) as opened:
        opened.extractall(tmp_path)
    command = [sys.executable, "-I", "-S", "-W", "error::ImportWarning", "-c", IMPORT_ALL, str(tmp_path), bundle]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = dict(line.split(":", 1) for line in done.stdout.splitlines())
    assert said["imported"].endswith("outside:")
    if bundle == "function":
        assert "book.created" in said["types"]
        assert said["heavy"] == ""


def test_the_function_is_small(laptop: Package, cloud: Package) -> None:
    for package in (laptop, cloud):
        assert package.function.size == package.function_zip.stat().st_size
        assert package.function.size <= 6_000_000


def test_lambda_takes_the_unpacked_size(cloud: Package) -> None:
    for path in (cloud.function_zip, cloud.webapp_zip):
        with zipfile.ZipFile(path) as opened:
            assert sum(entry.file_size for entry in opened.infolist()) < 250_000_000


@pytest.mark.parametrize("architecture", MACHINES)
def test_libraries_are_those_of_lambdas_python_and_processor(packages: Packages, architecture: Architecture) -> None:
    machine, word = MACHINES[architecture]
    package = packages(architecture)
    for path in (package.function_zip, package.webapp_zip):
        with zipfile.ZipFile(path) as opened:
            binary = [name for name in opened.namelist() if opened.read(name)[:4] == b"\x7fELF"]
            assert binary
            for name in binary:
                assert opened.read(name)[18:20] == word, name
                assert name.endswith((f"{machine}-linux-gnu.so", ".abi3.so")), name
                assert ".cpython-" not in name or f".cpython-{LAMBDA_PYTHON.replace('.', '')}-" in name
            assert json.loads(opened.read("manifest.json"))["architecture"] == architecture
        assert json.loads(path.with_suffix(".json").read_text())["architecture"] == architecture, "what Terraform reads"


def test_nothing_is_in_a_zip_that_no_function_reads(archive: Archive) -> None:
    for name in names(archive):
        folders = Path(name).parts[:-1]
        assert not {"tests", "test", "bin", "notifications"} & set(folders), name
        assert not name.endswith((".pyi", ".mjml", "RECORD", "requirements.txt", ".dist-info/WHEEL")), name


def test_metadata_is_only_that_which_a_library_reads_of_itself(archive: Archive) -> None:
    found = {name.partition("-")[0] for name in names(archive) if ".dist-info/" in name}
    assert found == (set() if archive.path.stem == "function" else {"python_ulid", "opentelemetry_api"})


def test_every_notification_is_in_as_its_compiled_templates_and_schema(archive: Archive) -> None:
    if archive.path.stem != "function":
        return
    with zipfile.ZipFile(archive.path) as opened:
        catalogue = json.loads(opened.read("function/compiled/catalogue.json"))
    assert set(catalogue["notifications"]) == set(list_types()) >= {"book.created"}
    for type_ in list_types():
        assert f"function/compiled/validate_{type_.replace('.', '_').replace('-', '_')}.py" in names(archive)
        for locale in catalogue["notifications"][type_]["locales"]:
            for part in ("subject.txt", "body.txt", "body.html"):
                assert catalogue["templates"][f"{type_}/{locale}/{part}"]


def test_only_the_services_that_are_called_are_in_the_function(laptop: Package) -> None:
    data = {Path(name).parts[2] for name in names(laptop.function) if name.startswith("botocore/data/")}
    shared = {"endpoints.json", "partitions.json", "_retry.json", "sdk-default-configuration.json"}
    assert data == {"dynamodb", "sesv2", "sns", "sqs", "ssm", "secretsmanager", "lambda", "codedeploy"} | shared


def test_a_zip_carries_no_time_no_owner_and_one_mode(archive: Archive) -> None:
    with zipfile.ZipFile(archive.path) as opened:
        entries = opened.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)


def test_every_module_has_bytecode_that_is_never_checked(laptop: Package, cloud: Package) -> None:
    assert laptop.bytecode
    for package in [laptop, cloud] if cloud.bytecode else [laptop]:
        tag = "cpython-" + "".join(package.python.split(".")[:2])
        with zipfile.ZipFile(package.function_zip) as opened:
            found = set(opened.namelist())
            for name in found:
                if name.endswith(".py"):
                    path = Path(name)
                    cached = (path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc").as_posix()
                    assert opened.read(cached)[4:8] == (1).to_bytes(4, "little"), "hash-based and unchecked"


READ_NAMES = """
import marshal, sys, zipfile
def names(code):
    yield code.co_filename
    for constant in code.co_consts:
        if hasattr(constant, "co_filename"):
            yield from names(constant)
with zipfile.ZipFile(sys.argv[1]) as opened:
    for name in opened.namelist():
        if name.endswith(".pyc"):
            module = name.replace("__pycache__/", "").rpartition("." + sys.implementation.cache_tag)[0] + ".py"
            if set(names(marshal.loads(opened.read(name)[16:]))) != {module}:
                print(name)
    print("read")
"""


def test_bytecode_names_its_files_from_the_root_of_the_zip(packages: Packages) -> None:
    lambdas = target.choose_cloud("arm64").interpreter
    if lambdas is None:
        pytest.skip("there is no Python of Lambda's here")
    for path in (packages("arm64").function_zip, packages("arm64").webapp_zip):
        said = subprocess.run([lambdas, "-c", READ_NAMES, str(path)], capture_output=True, text=True, check=True)
        assert said.stdout == "read\n"


def test_no_place_on_this_machine_is_in_a_zip(archive: Archive) -> None:
    with zipfile.ZipFile(archive.path) as opened:
        for name in opened.namelist():
            assert str(ROOT).encode() not in opened.read(name), name


def test_the_manifest_says_what_it_is(archive: Archive) -> None:
    with zipfile.ZipFile(archive.path) as opened:
        manifest = json.loads(opened.read("manifest.json"))
        parts = {name.partition("/")[0] for name in opened.namelist()} - {"manifest.json"}
    assert manifest["release"] == archive.release
    assert set(manifest["digests"]) == parts
    assert manifest["packages"]["botocore"]
    assert (manifest["target"], manifest["architecture"]) in {("laptop", os.uname().machine), ("cloud", "arm64")}


def test_a_second_build_does_nothing(laptop: Package) -> None:
    before = laptop.function_zip.stat().st_mtime_ns
    lines: list[str] = []
    assert build("laptop", say=lines.append) == laptop
    assert lines == []
    assert laptop.function_zip.stat().st_mtime_ns == before
