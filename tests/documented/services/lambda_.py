"""What the documentation of Lambda says."""

from __future__ import annotations

from functools import partial

from tests.documented.rule import NOTHING_SPECIAL, Rule, row

__all__ = ["RULES"]

_TOOL = "tests/integration/codedeploy/test_release_tool.py::"
_BEFORE = "tests/unit/release/test_before_deployment.py::"
_ENDINGS = "tests/stack/release/test_endings.py::"
_RELEASES = "tests/stack/release/test_release_and_refusals.py::"
_ALIASES = "tests/stack/invocations/test_aliases.py::"
_PAUSE = "tests/integration/operations/test_pause.py::"
_row = partial(row, "lambda")

RULES: tuple[Rule, ...] = (
    _row(
        "GetAlias",
        NOTHING_SPECIAL,
        f"{_RELEASES}test_it_moves_the_alias_step_by_step",
        "FunctionVersion",
        "RoutingConfig.AdditionalVersionWeights",
        "RevisionId",
        "AliasArn",
        "Name",
    ),
    _row(
        "UpdateAlias",
        "Only update the alias if the revision ID matches the ID that's specified.",
        f"{_RELEASES}test_weights_that_nobody_moves_are_refused_and_rollback_clears_them",
    ),
    _row(
        "GetFunctionConfiguration",
        "The SHA256 hash of the function's deployment package.",
        f"{_BEFORE}test_other_code_than_was_sent_is_not_released",
        "FunctionName",
        "FunctionArn",
        "CodeSha256",
        "Version",
        "LastUpdateStatus",
        "State",
        "Description",
        "Environment.Variables",
        "Timeout",
        "MemorySize",
        "LastModified",
        "RevisionId",
        "Runtime",
        "Handler",
        "Role",
        "CodeSize",
        "Architectures[]",
        "KMSKeyArn",
        "TracingConfig.Mode",
        "LoggingConfig.LogGroup",
    ),
    _row(
        "GetFunction",
        "with a link to download the deployment package that's valid for 10 minutes",
        f"{_ENDINGS}test_a_bad_feedback_is_refused_and_nothing_of_its_release_is_live",
        "Code.Location",
        "Configuration.CodeSha256",
    ),
    _row(
        "GetFunctionConcurrency",
        NOTHING_SPECIAL,
        f"{_RELEASES}test_a_paused_herald_is_not_released_to",
        "ReservedConcurrentExecutions",
    ),
    _row(
        "PublishVersion",
        "Lambda doesn't publish a version if the function's configuration and code haven't changed",
        f"{_RELEASES}test_what_is_live_already_is_refused",
        "Version",
        "CodeSha256",
        "FunctionArn",
        "Description",
    ),
    _row(
        "UpdateFunctionCode",
        "The function's code is locked when you publish a version.",
        f"{_BEFORE}test_code_that_arrived_as_it_was_sent_goes_on",
        "CodeSha256",
        "RevisionId",
        "LastUpdateStatus",
    ),
    _row(
        "ListVersionsByFunction",
        "Lambda returns up to 50 versions per call.",
        f"{_TOOL}test_what_was_live_before_is_found_in_a_list_without_order",
        "NextMarker",
        "Versions[].Version",
        "Versions[].CodeSha256",
        "Versions[].LastModified",
        "Versions[].Description",
        "Versions[].FunctionArn",
    ),
    _row(
        "Invoke",
        "The version of the function that executed. When you invoke a function with an alias",
        "tests/unit/function/test_smoke_test.py::"
        "test_an_alias_that_leads_to_the_old_version_for_a_while_does_not_take_a_release_back",
        "StatusCode",
        "FunctionError",
        "ExecutedVersion",
        "Payload",
        "LogResult",
    ),
    _row(
        "ListAliases",
        NOTHING_SPECIAL,
        "tests/unit/release/test_old_versions.py::test_what_an_alias_names_stays_however_old_it_is",
        "NextMarker",
        "Aliases[].Name",
        "Aliases[].FunctionVersion",
        "Aliases[].RoutingConfig.AdditionalVersionWeights",
    ),
    _row(
        "DeleteFunction",
        "To delete a specific function version, use the Qualifier parameter.",
        "tests/unit/release/test_old_versions.py::test_all_but_the_newest_ten_are_deleted_each_by_its_number",
    ),
    _row(
        "AddPermission",
        "If you use a qualifier, the invoker must use the full Amazon Resource Name (ARN) of that version or alias",
        "tests/stack/invocations/test_aliases.py::"
        "test_a_topic_that_the_alias_does_not_admit_leaves_its_messages_with_the_subscription",
    ),
    _row(
        "CreateAlias",
        NOTHING_SPECIAL,
        f"{_ALIASES}test_calls_are_spread_by_the_weights_and_the_answer_tells_the_version_that_ran",
        "AliasArn",
    ),
    _row(
        "CreateEventSourceMapping",
        "The identifier of the event source mapping.",
        f"{_ALIASES}test_a_mapping_runs_no_more_at_once_than_it_may",
        "UUID",
    ),
    _row(
        "CreateEventSourceMapping",
        "When set to infinite (-1), failed records are retried until the record expires.",
        "tests/unit/laptop/invocations/test_stream_batches.py::test_without_an_end_of_retries_age_ends_them",
        "UUID",
    ),
    _row(
        "CreateEventSourceMapping",
        "If the function returns an error, split the batch in two and retry.",
        "tests/unit/laptop/invocations/test_stream_batches.py::"
        "test_a_poisoned_record_is_alone_at_the_end_and_given_up_after_its_retries",
        "UUID",
    ),
    _row(
        "CreateFunction",
        "indicate when the function is ready to invoke",
        "tests/stack/test_end_to_end.py::test_a_book_becomes_one_mail_to_its_owner",
        "FunctionArn",
        "Version",
    ),
    _row("DeleteFunctionConcurrency", NOTHING_SPECIAL, f"{_PAUSE}test_resume_puts_back_what_pause_took"),
    _row(
        "GetAccountSettings",
        "minus the capacity that's reserved for individual functions with PutFunctionConcurrency",
        "tests/unit/doctor/test_installation.py::test_each_outcome",
        "AccountLimit.ConcurrentExecutions",
        "AccountLimit.UnreservedConcurrentExecutions",
    ),
    _row(
        "GetEventSourceMapping",
        "Creating, Enabling, Enabled, Disabling, Disabled, Updating, or Deleting.",
        f"{_PAUSE}test_resume_puts_back_what_pause_took",
        "UUID",
        "State",
    ),
    _row(
        "GetFunction",
        "Lambda returns tag data only if you have explicit allow permissions for lambda:ListTags.",
        f"{_PAUSE}test_both_may_be_said_twice",
        "Configuration.FunctionArn",
        "Configuration.Environment.Variables",
    ),
    _row(
        "GetPolicy",
        "The resource-based policy.",
        "tests/unit/doctor/test_installation.py::test_each_outcome",
        "Policy",
    ),
    _row(
        "ListEventSourceMappings",
        "Creating, Enabling, Enabled, Disabling, Disabled, Updating, or Deleting.",
        f"{_PAUSE}test_resume_puts_back_what_pause_took",
        "NextMarker",
        "EventSourceMappings[].UUID",
        "EventSourceMappings[].State",
        "EventSourceMappings[].FunctionArn",
        "EventSourceMappings[].EventSourceArn",
    ),
    _row("ListTags", "The function's tags.", f"{_PAUSE}test_both_may_be_said_twice", "Tags"),
    _row(
        "PutFunctionConcurrency",
        "as long as you leave at least 100 simultaneous executions unreserved",
        f"{_PAUSE}test_resume_puts_back_what_pause_took",
    ),
    _row(
        "PutFunctionEventInvokeConfig",
        "It retains events in a queue for up to six hours.",
        "tests/stack/invocations/test_asynchronous.py::test_an_event_that_waits_too_long_is_recorded_without_having_run",
    ),
    _row("TagResource", NOTHING_SPECIAL, f"{_PAUSE}test_both_may_be_said_twice"),
    _row("UntagResource", NOTHING_SPECIAL, f"{_PAUSE}test_resume_puts_back_what_pause_took"),
    _row(
        "UpdateEventSourceMapping",
        "The state of the event source mapping.",
        f"{_PAUSE}test_resume_puts_back_what_pause_took",
        "State",
    ),
    _row(
        "UpdateFunctionConfiguration",
        "During this time, you can't modify the function, but you can still invoke it.",
        "tests/stack/webapp/test_losses.py::test_what_is_lost_between_sns_and_the_ledger_is_published_again",
    ),
)
