"""Runs an action of the command line and records it in the audit log of operators' actions, which the web app's pages
write to, too."""

from __future__ import annotations

import time
from collections.abc import Callable

from botocore.exceptions import ClientError
from ulid import ULID

from herald.account import AwsAccount
from herald.console import note
from operations.audit import Audit
from operations.errors import UserError

__all__ = ["run_audited"]


class _Notes:
    """The command's own output says what happened; a warning is added only if the record could not be written."""

    def info(self, event: str, **fields: object) -> None:
        """Do nothing: the command prints what happened."""

    def failure(self, event: str, problem: BaseException, **fields: object) -> None:
        """Print a warning."""
        note(f"{event}: {type(problem).__name__} (entry {fields.get('entry')}). What was done is done")


def run_audited(account: AwsAccount, action: str, about: str, work: Callable[[], str]) -> str:
    """Run `work`, record it in the audit log under the caller's ARN, and return the outcome that `work` returns.

    `work` does not run if its intent cannot be recorded. A Herald without a web app has no table for the audit log:
    then `work` runs, and a note says that only CloudTrail has a record. Raises `UserError` if the caller may not write
    to the table.
    """
    audit = Audit(account.dynamodb, account.books, lambda: time.time_ns() // 1_000_000, lambda: str(ULID()), _Notes())
    caller = account.client("sts").get_caller_identity()
    try:
        entry = audit.begin(caller["Arn"], caller["UserId"], action, about)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ResourceNotFoundException":
            note(f"not on record: there is no table {account.books}; CloudTrail alone tells who did this")
            return work()
        if code == "AccessDeniedException":
            raise UserError(
                f"this caller may not write the record of what operators do: allow dynamodb:PutItem on {account.books} "
                f"where the key is audit ({caller['Arn']}); nothing was done"
            ) from None
        raise
    try:
        outcome = work()
    except BaseException as error:
        audit.end(entry, f"failed: {error if isinstance(error, UserError) else type(error).__name__}")
        raise
    audit.end(entry, outcome)
    return outcome
