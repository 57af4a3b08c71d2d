"""`herald suppressions` and `herald forget`."""

from __future__ import annotations

from typing import Annotated

import typer

from herald.account import Account, Local, Prefix, StateDir, report_refusals
from herald.console import confirm, console
from laptop.state import DEFAULT_STATE
from operations.erasure import UNTOUCHED, erase, find_personal_data
from operations.errors import UserError
from operations.suppressions import Listing, Suppression, find_listing, list_suppressions, rekey, take_off

__all__ = ["app"]

app = typer.Typer()
suppressions = typer.Typer(
    help="Addresses that get no mail, because one bounced for good or somebody complained about a mail.",
    no_args_is_help=True,
)
app.add_typer(suppressions, name="suppressions")

#: What is true when AWS refuses in the middle.
_SO_FAR = "run it again: what was done is done, the rest is as it was"

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask: for machines")]
AddressOf = Annotated[str, typer.Argument(metavar="ADDRESS", help="an e-mail address", show_default=False)]


@suppressions.command("list")
@report_refusals(_SO_FAR)
def list_(local: Local = False, state_dir: StateDir = DEFAULT_STATE, prefix: Prefix = "herald") -> None:
    """Show the list, oldest first: reason, since when, and the key of the address, which nobody can turn back."""
    entries = sorted(
        list_suppressions(Account.choose(local, state_dir, prefix).installation()), key=lambda entry: entry.since
    )
    for entry in entries:
        console.print(f"{_describe(entry)}  {entry.key}", markup=False)
    console.print(f"{len(entries)} on the list." if entries else "Nobody is on the list.")


@suppressions.command("remove")
@report_refusals(_SO_FAR)
def remove_(
    address: AddressOf,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
    yes: Yes = False,
) -> None:
    """Take an address off SES's list in every region, then off Herald's own, so that it gets mail again."""
    installation = Account.choose(local, state_dir, prefix).installation()
    listing = find_listing(installation, address)
    if not listing:
        raise UserError(f"{address} is on no suppression list, neither Herald's nor SES's: nothing was changed")
    _show(listing)
    if yes or confirm(f"Send mail to {address} again?"):
        take_off(installation, address)
        console.print("Removed. Mails that were stopped are sent by: herald redrive --from-record MESSAGE_ID")


@suppressions.command("rekey")
@report_refusals(_SO_FAR)
def rekey_(local: Local = False, state_dir: StateDir = DEFAULT_STATE, prefix: Prefix = "herald") -> None:
    """Move what was written under an older address key to the newest, where the address is known."""
    installation = Account.choose(local, state_dir, prefix).installation()
    if len(installation.secrets()) == 1:
        raise UserError(f"the parameter /{prefix}/address-key holds one key: put the new one in front of it first")
    done = rekey(installation)
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
        bool, typer.Option("--suppression", help="Take it off the suppression list too: it may get mail again")
    ] = False,
) -> None:
    """Erase the events that are kept about an address: in the ledger's records, in dead letters and in the outbox."""
    installation = Account.choose(local, state_dir, prefix).installation()
    data = find_personal_data(installation, address)
    listing = find_listing(installation, address) if suppression_too else None
    for event in data.events:
        console.print(f"the event in the record of {event.message_id}", markup=False)
    for letter in data.letters:
        console.print(f"the dead letter of {letter.message_id}", markup=False)
    if listing:
        _show(listing)
    for row in data.outbox:
        console.print(f"the event {row.event_id} in the outbox", markup=False)
    console.print(f"Not touched: {UNTOUCHED}.", markup=False)
    if not (data or listing):
        console.print(f"No event is kept about {address}.", markup=False)
        return
    if yes or confirm("Erase this? None of it can be sent any more."):
        erased = erase(installation, address, data)
        if listing:
            take_off(installation, address)
        console.print(
            f"Erased: {erased.records} events in records, {erased.letters} dead letters, {erased.outbox} events in "
            f"the outbox, {len(listing.entries) if listing else 0} suppressions."
        )


def _show(listing: Listing) -> None:
    for entry in listing.entries:
        console.print(f"on Herald's suppression list: {_describe(entry)}", markup=False)
    for region in listing.regions:
        console.print(f"on SES's suppression list in {region}", markup=False)


def _describe(entry: Suppression) -> str:
    return f"{entry.reason} since {entry.since:%Y-%m-%d %H:%M} UTC, by message {entry.message_id}"
