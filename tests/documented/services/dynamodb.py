"""What the documentation of DynamoDB says."""

from __future__ import annotations

from functools import partial

from tests.documented.rule import Rule, row

__all__ = ["RULES"]

_ROAD = "tests/integration/function/test_one_mail.py::"
_row = partial(row, "dynamodb")

RULES: tuple[Rule, ...] = (
    _row(
        "GetItem",
        "GetItem provides an eventually consistent read by default.",
        "tests/unit/cost/test_meter.py::test_a_read_costs_half_unless_it_is_consistent",
        "Item",
    ),
    _row(
        "PutItem",
        "only if ReturnValues is specified as ALL_OLD in the request",
        "tests/integration/webapp/books/test_contention.py::test_a_change_of_a_book_that_is_being_deleted_is_tried_again",
        "Attributes",
    ),
    _row(
        "UpdateItem",
        "A condition that must be satisfied in order for a conditional update to succeed.",
        "tests/integration/webapp/books/test_contention.py::test_a_one_click_unsubscribe_while_a_mail_is_claimed_is_kept",
        "Attributes",
    ),
    _row(
        "DeleteItem",
        "Unless you specify conditions, the DeleteItem is an idempotent operation",
        "tests/integration/webapp/api/test_parallel_requests.py::"
        "test_a_renewal_whose_issuer_did_not_answer_is_free_for_the_next",
    ),
    _row(
        "TransactWriteItems",
        "TransactWriteItems is a synchronous write operation that groups up to 100 action requests.",
        f"{_ROAD}test_message_comes_before_address_in_judging",
    ),
    _row(
        "TransactWriteItems",
        "A client request token is valid for 10 minutes after the first request that uses it is completed.",
        "tests/unit/cost/test_meter.py::test_a_transaction_costs_double_and_a_check_is_a_write",
    ),
    _row(
        "Query",
        "The only way to know when you have reached the end of the result set is when LastEvaluatedKey is empty.",
        "tests/integration/webapp/outbox/test_publisher.py::test_one_damaged_row_among_a_hundred_good_ones_blocks_none",
        "Items",
        "Count",
        "LastEvaluatedKey",
        ordered=("Items",),
        even_empty=("Items",),
    ),
    _row(
        "Query",
        "If no matching items are found, the result set will be empty.",
        "tests/integration/webapp/outbox/test_publisher.py::test_the_sweeper_says_how_old_the_backlog_is_even_if_there_is_none",
    ),
    _row(
        "Scan",
        "may not include the latest item changes at the time the scan iterates through each item in the table",
        "tests/integration/operations/test_records.py::test_the_list_shows_reason_and_time_and_no_address",
        "Items",
        "Count",
        "LastEvaluatedKey",
        even_empty=("Items",),
    ),
    _row(
        "BatchGetItem",
        "If a partial result is returned, the operation returns a value for UnprocessedKeys.",
        "tests/unit/release/test_rehearsal.py::test_keys_that_were_not_processed_are_asked_for_again",
        "Responses",
        "UnprocessedKeys",
    ),
    _row(
        "CreateTable",
        "table names must be unique within each Region",
        "tests/stack/test_end_to_end.py::test_a_book_becomes_one_mail_to_its_owner",
    ),
    _row(
        "DescribeTable",
        "DescribeTable uses an eventually consistent query",
        "tests/stack/test_end_to_end.py::test_a_book_becomes_one_mail_to_its_owner",
        "Table.LatestStreamArn",
    ),
    _row(
        "UpdateTimeToLive",
        "It can take up to one hour for the change to fully process.",
        f"{_ROAD}test_an_expired_record_is_as_good_as_none",
    ),
)
