"""`herald suppressions` and `herald forget`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from herald.account import AwsAccount, Local, Prefix, StateDir, report_refusals
from herald.audited_action import run_audited
from herald.command_list import CommandList
from herald.console import JsonOption, Yes, confirm, console, print_json, print_rows
from laptop.state import DEFAULT_STATE
from operations.erasure import UNTOUCHED, ErasureResult, PersonalData, erase, find_personal_data
from operations.errors import UsageError, UserError
from operations.remedies import Remedy, RemedyAction
from operations.suppressions import (
    AddressSuppressions,
    RekeyResult,
    Suppression,
    find_address_suppressions,
    list_suppressions,
    rekey_addresses,
    take_off,
)
from operations.why.recipient import find_recipient
from webapp.admin.remedy_commands import format_command

__all__ = ["app"]

app = typer.Typer()
suppressions = typer.Typer(
    help="List the addresses that get no mail. They bounced permanently, or their owner complained.",
    cls=CommandList,
)
app.add_typer(suppressions, name="suppressions", invoke_without_command=True)

#: Printed when AWS refuses a call in the middle of a command.
_SO_FAR = "run it again: what was done is done, the rest is as it was"

OfTenant = Annotated[
    str | None,
    typer.Option("--tenant", metavar="NAME", help="Only this tenant's own suppression list"),
]
AddressOf = Annotated[str, typer.Argument(metavar="ADDRESS", help="an e-mail address", show_default=False)]


@suppressions.callback(invoke_without_command=True)
@report_refusals(_SO_FAR)
def list_(
    context: typer.Context,
    tenant: OfTenant = None,
    as_json: JsonOption = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Show the list, oldest first: reason, since when, and the keyed hash of the address."""
    if context.invoked_subcommand:
        if tenant or as_json or local or prefix != "herald":
            raise UsageError(f"say the options behind it: herald suppressions {context.invoked_subcommand} …")
        return
    listed = list_suppressions(AwsAccount.choose(local, state_dir, prefix).installation())
    entries = sorted((one for one in listed if tenant in (None, one.tenant)), key=lambda entry: entry.since)
    if as_json:
        print_json([_to_json(entry) for entry in entries])
        return
    print_rows(
        ("reason", "since", "by message", "tenant", "key of the address"),
        [
            (entry.reason, f"{entry.since:%Y-%m-%d %H:%M} UTC", entry.message_id, entry.tenant or "", entry.key)
            for entry in entries
        ],
    )
    console.print(f"{len(entries)} on the list." if entries else "Nobody is on the list.")


@suppressions.command("check")
@report_refusals(_SO_FAR)
def check_(
    address: AddressOf,
    as_json: JsonOption = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Show whether an address gets mail. Looks at Herald's list, SES's in every region, and what its reader
    unsubscribed from.

    Exit code 3: something keeps mail from it.
    """
    account = AwsAccount.choose(local, state_dir, prefix)
    installation = account.installation()
    found = find_recipient(installation, installation.address_keys(address), address)
    if as_json:
        lists = {"suppressed": [_to_json(entry) for entry in found.entries], "ses_regions": found.regions}
        print_json({**lists, "unsubscribed": found.stopped, "not_known": found.unasked or None})
    else:
        for line in found.describe(format_command(Remedy(RemedyAction.UNLIST, address), account.options)):
            console.print(line, markup=False)
    raise typer.Exit(3 if found.entries or found.regions or found.stopped else 0)


@suppressions.command("remove")
@report_refusals(_SO_FAR)
def remove_(
    address: AddressOf,
    tenant: OfTenant = None,
    as_json: JsonOption = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
    yes: Yes = False,
) -> None:
    """Remove an address from the lists, so that it gets mail again. From SES's in every region, then from Herald's
    own or one tenant's."""
    account = AwsAccount.choose(local, state_dir, prefix)
    installation = account.installation()
    suppressions = find_address_suppressions(installation, address, tenant)
    if not suppressions:
        raise UserError(f"{address} is on no suppression list, neither Herald's nor SES's: nothing was changed")
    if not as_json:
        _show(suppressions)
    if not (yes or confirm(f"Send mail to {address} again?")):
        raise UserError("it stays on the list: nothing was changed")

    def remove() -> str:
        was = take_off(installation, address, tenant)
        places = [
            *dict.fromkeys(f"{one.tenant or 'Herald'}'s" for one in was.entries),
            *(f"SES's in {region}" for region in was.regions),
        ]
        return f"removed; it was on {' and '.join(places) or 'none any more'}"

    run_audited(account, "take off the list", installation.address_keys(address)[0], remove)
    if as_json:
        print_json(
            {"removed": [_to_json(entry) for entry in suppressions.entries], "ses_regions": suppressions.regions}
        )
    else:
        console.print(f"Removed. Mails that were stopped are sent by: herald redrive --from-record ID{account.options}")
        console.print(f"Which those are: herald why {address}{account.options}", markup=False)


@suppressions.command("rekey")
@report_refusals(_SO_FAR)
def rekey_(
    as_json: JsonOption = False, local: Local = False, state_dir: StateDir = DEFAULT_STATE, prefix: Prefix = "herald"
) -> None:
    """Move entries under an older address key to the newest one."""
    account = AwsAccount.choose(local, state_dir, prefix)
    installation = account.installation()
    if len(installation.secrets()) == 1:
        raise UserError(f"the parameter /{prefix}/address-key holds one key: put the new one in front of it first")
    moved: list[RekeyResult] = []

    def move() -> str:
        moved.append(rekey_addresses(installation))
        return f"{moved[0].moved} moved, {moved[0].left} left"

    run_audited(account, "move to the newest address key", "all addresses", move)
    done = moved[0]
    if as_json:
        print_json(asdict(done))
        return
    console.print(f"{done.moved} moved, of {done.addresses} addresses that events and SES's lists name.")
    if done.left:
        console.print(f"{done.left} are of addresses that nothing names here: keep the old key, they are read by it.")


@app.command()
@report_refusals(_SO_FAR)
def forget(
    address: AddressOf,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
    yes: Yes = False,
    suppression_too: Annotated[
        bool, typer.Option("--suppression", help="Also remove it from the suppression list: it may get mail again")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Erase the events that are kept about an address. In the ledger's records, in dead letters and in the outbox."""
    account = AwsAccount.choose(local, state_dir, prefix)
    installation = account.installation()
    data = find_personal_data(installation, address)
    suppressions = find_address_suppressions(installation, address) if suppression_too else None
    if not as_json:
        _show_data(data, suppressions)
    if not (data or suppressions):
        if as_json:
            print_json(_describe_erasure(ErasureResult(0, 0, 0), suppressions))
        else:
            console.print(f"No event is kept about {address}.", markup=False)
        return
    if not (yes or confirm("Erase this? None of it can be sent any more.")):
        raise UserError("nothing was erased")
    done: list[ErasureResult] = []

    def forget_it() -> str:
        done.append(erase(installation, address, data))
        if suppressions:
            take_off(installation, address)
        return f"erased: {_describe_counts(done[0], suppressions)}"

    run_audited(account, "forget", installation.address_keys(address)[0], forget_it)
    if as_json:
        print_json(_describe_erasure(done[0], suppressions))
    else:
        console.print(f"Erased: {_describe_counts(done[0], suppressions)}.")


def _describe_counts(result: ErasureResult, suppressions: AddressSuppressions | None) -> str:
    return (
        f"{result.records} events in records, {result.letters} dead letters, {result.outbox} events in the outbox, "
        f"{result.hashes} hashes in other records, {len(suppressions.entries) if suppressions else 0} suppressions"
    )


def _describe_erasure(result: ErasureResult, suppressions: AddressSuppressions | None) -> dict[str, object]:
    return {**asdict(result), "suppressions": len(suppressions.entries) if suppressions else 0, "untouched": UNTOUCHED}


def _show_data(data: PersonalData, suppressions: AddressSuppressions | None) -> None:
    for event in data.events:
        console.print(f"the event in the record of {event.message_id}", markup=False)
    for message_id in data.records:
        console.print(f"the hash in the record of {message_id}", markup=False)
    for letter in data.letters:
        console.print(f"the dead letter of {letter.message_id}", markup=False)
    if suppressions:
        _show(suppressions)
    for row in data.outbox:
        console.print(f"the event {row.event_id} in the outbox", markup=False)
    console.print(f"Not touched: {UNTOUCHED}.", markup=False)


def _show(suppressions: AddressSuppressions) -> None:
    for entry in suppressions.entries:
        console.print(f"on {entry.whose}: {_describe(entry)}", markup=False)
    for region in suppressions.regions:
        console.print(f"on SES's suppression list in {region}", markup=False)


def _to_json(entry: Suppression) -> dict[str, str | None]:
    return {
        "key": entry.key,
        "tenant": entry.tenant,
        "reason": entry.reason,
        "since": entry.since.isoformat(),
        "message_id": entry.message_id,
    }


def _describe(entry: Suppression) -> str:
    return f"{entry.reason} since {entry.since:%Y-%m-%d %H:%M} UTC, by message {entry.message_id}"
