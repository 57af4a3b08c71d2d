"""Starts and stops one laptop cloud: the same code for `make run`, `make demo` and the tests."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit
from zipfile import ZipFile

from function.providers.urls import reports_by_webhook
from laptop.clients import LaptopClients
from laptop.cognito.demo_users import ADA
from laptop.cognito.pool import SignIn, sign_in
from laptop.descriptor import Descriptor
from laptop.environment import ACCOUNT, REGION, build_child_environment
from laptop.provision.event_bus import make_event_bus
from laptop.provision.events_api import make_events_api
from laptop.provision.functions import (
    allow_attachments,
    allow_senders,
    declare_roles,
    declare_tenants,
    find_domains,
    make_functions,
)
from laptop.provision.messaging import Provisioned
from laptop.provision.providers import (
    build_provider_settings,
    choose_provider_urls,
    make_gateway,
    make_provider_secrets,
    make_webhooks,
)
from laptop.provision.stores import make_stores
from laptop.resources import ADDRESS_KEY, CONFIGURATION_SET, EVENT_SOURCE, EVENTS_API, FUNCTIONS, PREFIX, WEBHOOK
from laptop.state import DEFAULT_STATE, ROOT, StateFolder
from laptop.supervision.ports import HOST, Ports
from laptop.supervision.processes import Processes
from laptop.time_scale import TimeScale
from operations.errors import UserError
from package import Package, build
from package.build import find_notifications

__all__ = ["PORTS", "LaptopCloud", "Options", "run_cloud"]

#: The preferred ports, which users may remember; other ports are used if these are taken.
PORTS = {"web": 8000, "inbox": 8025, "ses": 8026, "codedeploy": 8027, "providers": 8028, "smtp": 8029, "aws": 4566}
#: Seconds to wait for one process to answer, which takes minutes on a busy machine. A process that ends is reported at
#: once.
READY_SECONDS = 600
#: Seconds between two lines of progress while waiting for a process.
WORD_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a laptop cloud.

    `state` is the folder for all files, `ports` are the preferred ports by endpoint. `settings` are environment
    variables of every function, and override those of the provisioning. `providers` are the URLs of the mail providers,
    the preferred one first. `scale` is the common factor on all waiting times; 1 means AWS's own.

    With `events_api`, apps can also post events over HTTP; with `event_bus`, an EventBridge rule forwards events.
    `bare` provisions nothing, so that Terraform can do it; `iam` enforces the policies of roles; `tracing` traces every
    mail and shows the traces in the inbox; `build` builds the packages, like `package.build`; `say` prints progress.
    """

    state: Path = DEFAULT_STATE
    ports: Mapping[str, int] = field(default_factory=dict)
    scale: float = 1.0
    settings: Mapping[str, str] = field(default_factory=dict)
    providers: Sequence[str] = (f"ses://{REGION}",)
    events_api: bool = False
    event_bus: bool = False
    bare: bool = False
    iam: bool = False
    tracing: bool = False
    build: Callable[..., Package] = build
    say: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class LaptopCloud:
    """A running laptop cloud. `timings` maps each part, in order, to the seconds after which it was ready.

    `watch(seconds)` waits, and raises `UserError` if a process ends meanwhile.
    """

    descriptor: Descriptor
    clients: LaptopClients
    timings: Mapping[str, float]
    watch: Callable[[float], None]


@contextmanager
def run_cloud(options: Options) -> Iterator[LaptopCloud]:
    """Run a laptop cloud until the `with` block or this process ends, however it ends.

    Raises `UserError` if it cannot be started.
    """
    with ExitStack() as stack:
        state = StateFolder(options.state)
        stack.callback(state.close)
        ports = Ports()
        stack.callback(ports.close)
        processes = Processes(state.logs, state.lock, [state.descriptor, state.folder])
        stack.callback(processes.close)
        yield _CloudStart(options, state, ports, processes).run()


class _CloudStart:
    """The steps of starting a laptop cloud."""

    def __init__(self, options: Options, state: StateFolder, ports: Ports, processes: Processes) -> None:
        self._options = options
        self._state = state
        self._processes = processes
        self._began = time.monotonic()
        self._timings: dict[str, float] = {}
        self._time_scale = TimeScale(options.scale)
        self._ports = {name: ports.take([options.ports[name]] if name in options.ports else []) for name in PORTS}
        self._endpoints = {
            name: f"{'smtp' if name == 'smtp' else 'http'}://{HOST}:{port}" for name, port in self._ports.items()
        }
        self._environment = build_child_environment(self._endpoints, state.home, state.tmp)

    def run(self) -> LaptopCloud:
        self._start_simulators()
        if self._options.bare:
            return self._start_bare()
        with ThreadPoolExecutor(2) as beside:
            package = beside.submit(self._options.build, "laptop", say=self._options.say)
            clients = LaptopClients(self._endpoints)
            self._await("aws", "/_ministack/health")
            who = beside.submit(sign_in, clients, self._endpoints["aws"], self._endpoints["web"])
            made = make_stores(clients, self._time_scale)
            self._start_web(self._describe(made, who.result()))
            self._note("stores")
            zips = {"function": package.result().function_zip, "webapp": package.result().webapp_zip}
            self._unpack_catalogue(zips["webapp"])
            self._note("package")
            self._await("inbox", "/faults")
            pages = self._endpoints["web"]
            links = {"HERALD_PUBLIC_URL": pages, "HERALD_UNSUBSCRIBE_URL": f"{pages}/unsubscribe"}
            providers = dict.fromkeys(("sendgrid", "mailgun", "resend"), self._endpoints["providers"])
            links["HERALD_PROVIDER_ENDPOINTS"] = json.dumps(providers)
            self._make_functions(clients, made, zips, links)
            self._note("functions")
            self._await("web", "/readyz")
            descriptor = self._describe(made, who.result())
        descriptor.write(self._state.descriptor)
        return LaptopCloud(descriptor, clients, self._timings, self._processes.watch)

    def _make_functions(
        self, clients: LaptopClients, made: Provisioned, zips: Mapping[str, Path], links: Mapping[str, str]
    ) -> None:
        roles = declare_roles(self._catalogue)
        providers = choose_provider_urls(self._options.providers, bool(roles), self._options.say)
        urls = [self._endpoints["smtp"] if url.startswith("smtp:") else url for url in providers]
        settings = {**self._time_scale.settings, **links, **build_provider_settings(urls, made), **self._tracing}
        settings |= self._options.settings
        if self._endpoints["smtp"] in urls:
            settings["SSL_CERT_FILE"] = str(self._certificate)
        settings |= allow_senders(clients, self._catalogue) | allow_attachments(clients, self._catalogue)
        settings |= declare_tenants(clients, self._catalogue) | roles
        make_provider_secrets(clients, urls)
        reporting = any(map(reports_by_webhook, urls))
        posting = self._options.events_api
        wanted = [*FUNCTIONS, *([WEBHOOK] if reporting else []), *([EVENTS_API] if posting else [])]
        make_functions(clients, made, zips, settings, wanted)
        api = make_gateway(clients) if reporting or posting else ""
        if reporting:
            make_webhooks(clients, made, api, urls, self._endpoints["aws"], self._endpoints["inbox"])
        if posting:
            types = json.loads((self._catalogue / "catalogue.json").read_text())["notifications"]
            make_events_api(clients, made, api, self._endpoints["aws"], [*types, "mail.cancel"])
        if self._options.event_bus:
            make_event_bus(clients, made)

    def _start_bare(self) -> LaptopCloud:
        """Start only the emulator and the simulators, with nothing provisioned."""
        self._await("aws", "/_ministack/health")
        self._await("inbox", "/faults")
        descriptor = self._describe(Provisioned(), SignIn("", "", ""))
        descriptor.write(self._state.descriptor)
        return LaptopCloud(descriptor, LaptopClients(self._endpoints), self._timings, self._processes.watch)

    def _start_simulators(self) -> None:
        ministack = {
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self._ports["aws"]),
            "STATE_DIR": str(self._state.folder / "ministack"),
            "S3_DATA_DIR": str(self._state.folder / "ministack" / "s3"),
            "LAMBDA_EXECUTOR": "local",
            "AUTH": str(self._options.iam).lower(),
            "IOT_MTLS_ENABLED": "0",  # it would listen on every interface
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{self._state.tmp}/no-docker",  # it would remove other clouds' containers
        }
        emulator = ["-m", "laptop.emulator", "--scale", str(self._options.scale)]
        self._start_python("ministack", [*emulator, "--account-pages", self._endpoints["inbox"]], ministack)
        simulators = ["-m", "laptop.simulators", "--aws", self._endpoints["aws"]]
        for name in ("ses", "inbox", "codedeploy", "providers", "smtp"):
            simulators += [f"--{name}", str(self._ports[name])]
        simulators += ["--certificate", str(self._certificate)]
        simulators += [f"--domain={domain}" for domain in find_domains(find_notifications())]
        if not self._options.bare:
            simulators += [
                f"--schedule={PREFIX}-{one.name}={self._time_scale.seconds(one.every, 5)}"
                for one in FUNCTIONS
                if one.every
            ]
        simulators += ["--scale", str(self._options.scale)]
        self._start_python("simulators", simulators)

    def _start_web(self, descriptor: Descriptor) -> None:
        settings = {
            **descriptor.herald_settings(),
            "HERALD_EVENT_SOURCE": EVENT_SOURCE,
            "HERALD_CATALOGUE": str(self._catalogue),
            "HERALD_SESSION_SECONDS": str(12 * 3600),  # ministack's renewed id tokens name no groups
            **self._tracing,
        }
        server = ["-m", "uvicorn", "--factory", "webapp.app:create_app", "--host", HOST, "--no-access-log"]
        self._start_python("web", [*server, "--port", str(self._ports["web"])], settings)

    @property
    def _tracing(self) -> dict[str, str]:
        """The setting that sends spans to the inbox's receiver, if mails are traced."""
        return {"HERALD_OTLP_ENDPOINT": self._endpoints["inbox"]} if self._options.tracing else {}

    @property
    def _certificate(self) -> Path:
        """The path of the mail server's certificate."""
        return self._state.folder / "smtp.pem"

    @property
    def _catalogue(self) -> Path:
        return self._state.folder / "catalogue" / "function" / "compiled"

    def _unpack_catalogue(self, archive: Path) -> None:
        """Extract the compiled notifications for the web app, which runs from the checkout and not from its zip."""
        with ZipFile(archive) as opened:
            mails = [name for name in opened.namelist() if name.startswith("function/compiled/")]
            opened.extractall(self._state.folder / "catalogue", mails)

    def _start_python(self, name: str, arguments: Sequence[str], more: Mapping[str, str] | None = None) -> None:
        environment = {**self._environment, "PYTHONPATH": str(ROOT), **(more or {})}
        self._processes.start(name, [sys.executable, *arguments], environment)

    def _await(self, name: str, path: str) -> None:
        """Wait until an endpoint answers 200. Raises `UserError` after `READY_SECONDS`, or if any process ends."""
        began, next_word = time.monotonic(), WORD_SECONDS
        while not _is_answering(self._endpoints[name], path):
            waited = time.monotonic() - began
            if waited > READY_SECONDS:
                raise UserError(f"{self._endpoints[name]}{path} was not ready after {READY_SECONDS} s")
            if waited > next_word:
                self._options.say(f"Waiting for {name} to start ({waited:.0f} s)")
                next_word += WORD_SECONDS
            self._processes.watch(0.02)
        self._note(name)

    def _note(self, what: str) -> None:
        self._timings[what] = time.monotonic() - self._began

    def _describe(self, made: Provisioned, who: SignIn) -> Descriptor:
        return Descriptor(
            pid=os.getpid(),
            processes=dict(self._processes.pids),
            state=str(self._state.folder),
            region=REGION,
            account=ACCOUNT,
            endpoints=self._endpoints,
            **asdict(made),
            configuration_set=CONFIGURATION_SET,
            address_key_parameter=ADDRESS_KEY,
            sign_in={**asdict(who), "user": ADA.email, "password": ADA.password},
            scale=self._options.scale,
        )


def _is_answering(endpoint: str, path: str) -> bool:
    parts = urlsplit(endpoint)
    connection = HTTPConnection(parts.hostname or HOST, parts.port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
