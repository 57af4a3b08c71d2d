"""Condition expressions and what DynamoDB makes of them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

from typing import Any

from tests.dynamodb.case import INVALID, ConditionCase

__all__ = ["CONDITIONS"]

ITEM: dict[str, Any] = {
    "nr": {"N": "5"},
    "same": {"N": "5.0"},
    "debt": {"N": "-1.5"},
    "txt": {"S": "hello"},
    "head": {"S": "he"},
    "nothing": {"S": ""},
    "bin": {"B": b"hi there"},
    "flag": {"BOOL": True},
    "nil": {"NULL": True},
    "lst": {"L": [{"N": "2"}, {"S": "dog"}, {"M": {"x": {"N": "1"}}}, {"SS": ["a", "b"]}]},
    "doc": {"M": {"x": {"N": "1"}, "deep": {"M": {"z": {"S": "far"}}}, "seq": {"L": [{"N": "-1"}, {"N": "2"}]}}},
    "ss": {"SS": ["cat", "dog"]},
    "ns": {"NS": ["1", "2.50"]},
    "bs": {"BS": [b"one", b"two"]},
}
KINDS = ("nr", "txt", "bin", "flag", "nil", "lst", "doc", "ss", "ns", "bs")


def N(number: object) -> dict[str, str]:
    return {"N": str(number)}


def S(text: str) -> dict[str, str]:
    return {"S": text}


def _case(expression: str, answer: bool | str, **values: Any) -> ConditionCase:
    item = values.pop("item", ITEM)
    names = values.pop("names", {})
    return ConditionCase(expression, answer, item, {f":{name}": value for name, value in values.items()}, names)


_EQUAL_TO_ITSELF = [_case(f"{name} = :it", True, it=ITEM[name]) for name in KINDS]
_EQUAL_TO_ANOTHER = [_case(f"{one} = {two}", False) for one, two in zip(KINDS, KINDS[1:] + KINDS[:1], strict=True)]
_OF_TYPE = [
    _case(f"attribute_type({name}, :type)", wanted in ITEM[name], type=S(wanted))
    for name in KINDS
    for wanted in ("S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS")
]

_COMPARISONS = [
    _case("nr = same", True),
    _case("nr = :it", True, it=N("5.00")),
    _case("nr = :it", False, it=S("5")),
    _case("nr = :it", False, it=N(6)),
    _case("ns = :it", True, it={"NS": ["2.5", "1.0"]}),
    _case("ss = :it", True, it={"SS": ["dog", "cat"]}),
    _case("ss = :it", False, it={"SS": ["dog"]}),
    _case("lst = :it", False, it={"L": []}),
    _case("doc.x = lst[2].x", True),
    _case("nr <> :it", True, it=N(6)),
    _case("nr <> same", False),
    _case("nr <> :it", True, it=S("5")),
    _case("nr < :it", True, it=N(10)),
    _case("nr < :it", False, it=N(5)),
    _case("nr <= :it", True, it=N(5)),
    _case("debt < nr", True),
    _case("nr > :it", True, it=N("-10")),
    _case("nr > :it", False, it=S("1")),
    _case("nr >= :it", True, it=N(5)),
    _case("txt < :it", True, it=S("hellp")),
    _case("txt < :it", True, it=S("hello ")),
    _case("txt > :it", True, it=S("Zebra")),
    _case("txt < :it", True, it=S("é")),
    _case("bin < :it", True, it={"B": b"\xff"}),
    _case("bin >= :it", True, it={"B": b"hi"}),
    _case("flag < :it", False, it=N(1)),
    _case("lst < :it", False, it=N(1)),
    _case("flag = :it", False, it={"BOOL": False}),
    _case("nr BETWEEN :a AND :b", True, a=N(5), b=N(5)),
    _case("nr BETWEEN :a AND :b", False, a=N(6), b=N(7)),
    _case("nr between debt and same", True),
    _case("txt BETWEEN :a AND :b", True, a=S("a"), b=S("z")),
    _case("nr BETWEEN :a AND :b", False, a=S("a"), b=S("z")),
    _case("nr BETWEEN nothing AND :b", False, b=N(9)),
    _case("nr IN (:a, :b)", True, a=S("5"), b=N("5.0")),
    _case("nr IN (:a)", False, a=N(6)),
    _case("doc IN (:a, lst)", True, a=ITEM["doc"]),
]
_MISSING = [
    _case("gone = :it", False, it=N(1)),
    _case("gone <> :it", True, it=N(1)),
    _case("gone = lost", False),
    _case("gone <> lost", True),
    _case("gone < :it", False, it=N(1)),
    _case(":it > gone", False, it=N(1)),
    _case("gone <= lost", False),
    _case("gone BETWEEN :a AND :b", False, a=N(1), b=N(2)),
    _case("gone IN (:it)", False, it=N(1)),
    _case("gone IN (lost)", False),
    _case("NOT gone < :it", True, it=N(1)),
    _case("NOT gone = :it", True, it=N(1)),
    _case("begins_with(gone, :it)", False, it=S("a")),
    _case("contains(gone, :it)", False, it=S("a")),
    _case("size(gone) = :it", False, it=N(0)),
    _case("size(gone) < :it", False, it=N(9)),
    _case("attribute_type(gone, :it)", False, it=S("NULL")),
    _case("doc.gone = :it", False, it=N(1)),
    _case("txt.x = :it", False, it=N(1)),
    _case("lst[9] = :it", False, it=N(1)),
    _case("doc[0] = :it", False, it=N(1)),
    _case("attribute_exists(pk)", False, item=None),
    _case("attribute_not_exists(pk)", True, item=None),
    _case("pk = :it", False, item=None, it=S("x")),
    _case("nr <> :it", True, item=None, it=N(1)),
    _case("nr < :it", False, item=None, it=N(1)),
    _case("attribute_not_exists(pk) OR nr < :it", True, item=None, it=N(1)),
]
_FUNCTIONS = [
    _case("attribute_exists(pk)", True),
    _case("attribute_exists(nil)", True),
    _case("attribute_exists(gone)", False),
    _case("attribute_exists(doc.deep.z)", True),
    _case("attribute_exists(lst[3])", True),
    _case("attribute_exists(lst[4])", False),
    _case("attribute_not_exists(doc.deep.y)", True),
    _case("attribute_not_exists(txt.y)", True),
    _case("begins_with(txt, :it)", True, it=S("hell")),
    _case("begins_with(txt, :it)", False, it=S("ello")),
    _case("begins_with(txt, head)", True),
    _case("begins_with(txt, nothing)", True),
    _case("begins_with(bin, :it)", True, it={"B": b"hi"}),
    _case("begins_with(nr, :it)", False, it=S("5")),
    _case("begins_with(txt, :it)", False, it={"B": b"he"}),
    _case("begins_with(:it, head)", True, it=S("hey")),
    _case("contains(txt, :it)", True, it=S("ell")),
    _case("contains(txt, :it)", False, it=S("elo")),
    _case("contains(bin, :it)", True, it={"B": b"the"}),
    _case("contains(ss, :it)", True, it=S("dog")),
    _case("contains(ss, :it)", False, it=S("do")),
    _case("contains(ns, :it)", True, it=N("2.5")),
    _case("contains(ns, :it)", False, it=S("1")),
    _case("contains(bs, :it)", True, it={"B": b"two"}),
    _case("contains(lst, :it)", True, it=S("dog")),
    _case("contains(lst, :it)", True, it=N("2.0")),
    _case("contains(lst, :it)", True, it={"SS": ["b", "a"]}),
    _case("contains(lst, :it)", False, it=S("a")),
    _case("contains(nr, :it)", False, it=N(5)),
    _case("contains(doc, :it)", False, it=S("x")),
    _case("size(txt) = :it", True, it=N(5)),
    _case("size(bin) = :it", True, it=N(8)),
    _case("size(ss) = :it", True, it=N(2)),
    _case("size(ns) = :it", True, it=N(2)),
    _case("size(bs) = :it", True, it=N(2)),
    _case("size(lst) >= :it", True, it=N(4)),
    _case("size(doc) < :it", True, it=N(4)),
    _case("size(txt) = nr", True),
    _case("size(nr) = :it", False, it=N(1)),
    _case("size(flag) = :it", False, it=N(1)),
    _case("size(txt) = :it", False, it=S("5")),
    _case("size(nothing) = :it", True, it=N(0)),
]
_LOGIC = [
    _case("nr = :a OR nr = :b AND txt = :b", True, a=N(5), b=N(6)),
    _case("(nr = :a OR nr = :b) AND txt = :b", False, a=N(5), b=N(6)),
    _case("NOT nr = :a AND txt = :b", False, a=N(5), b=S("no")),
    _case("NOT (nr = :a AND txt = :b)", True, a=N(5), b=S("no")),
    _case("NOT nr = :a OR nr = :a", True, a=N(5)),
    _case("not not nr = :a", True, a=N(5)),
    _case("nr BETWEEN :a AND :b AND txt = :c", False, a=N(1), b=N(9), c=S("no")),
    _case("nr = :a aNd (txt = :b oR attribute_not_exists(nil))", True, a=N(5), b=S("hello")),
    _case("attribute_not_exists(pk) OR nr < :a", True, a=N(6)),
    _case("  nr=:a  AND\ttxt=:b\n", True, a=N(5), b=S("hello")),
]
_NAMES = [
    _case("#a = :it", True, it=N(5), names={"#a": "nr"}),
    _case("#d.#x = :it", True, it=N(1), names={"#d": "doc", "#x": "x"}),
    _case("doc.#d.z = :it", True, it=S("far"), names={"#d": "deep"}),
    _case("#ab = :it", False, it=N(1), names={"#ab": "doc.x"}),
    _case("#1 = :1", True, **{"1": N(5)}, names={"#1": "nr"}),
    _case("doc.seq[1] > doc.seq[0]", True),
]
_REFUSED = [
    _case("", INVALID),
    _case("nr", INVALID),
    _case("nr =", INVALID),
    _case("nr = :it AND", INVALID, it=N(1)),
    _case("nr == :it", INVALID, it=N(1)),
    _case("nr = :it nr = :it", INVALID, it=N(1)),
    _case("(nr = :it", INVALID, it=N(1)),
    _case("nr = :it)", INVALID, it=N(1)),
    _case("((nr = :it))", INVALID, it=N(1)),
    _case("nr IN ()", INVALID),
    _case("nr BETWEEN :a", INVALID, a=N(1)),
    _case("nr = 7", INVALID),
    _case("nr & :it", INVALID, it=N(1)),
    _case("state = :it", INVALID, it=S("x")),
    _case("doc.state = :it", INVALID, it=S("x")),
    _case("_nr = :it", INVALID, it=N(1)),
    _case("lst[:it] = :it", INVALID, it=N(1)),
    _case("lst[-1] = :it", INVALID, it=N(1)),
    _case("nr = :it", INVALID),
    _case("nr = :it", INVALID, other=N(1)),
    _case("nr = :it", INVALID, it=N(1), other=N(1)),
    _case("#b = :it", INVALID, it=N(5)),
    _case("nr = :it", INVALID, it=N(5), names={"#a": "nr"}),
    _case("nr = :i", INVALID, i=N(5), it=N(5)),
    _case("attribute_exists(:it)", INVALID, it=S("x")),
    _case("attribute_exists(nr, txt)", INVALID),
    _case("attribute_exists(nr) = :it", INVALID, it={"BOOL": True}),
    _case("Attribute_Exists(nr)", INVALID),
    _case("attribute_type(nr, txt)", INVALID),
    _case("attribute_type(nr, :it)", INVALID, it=S("DOG")),
    _case("attribute_type(nr, :it)", INVALID, it=N(1)),
    _case("begins_with(txt, :it)", INVALID, it=N(1)),
    _case("begins_with(txt)", INVALID),
    _case("contains(txt, txt)", INVALID),
    _case("nr = nr", INVALID),
    _case("size(txt)", INVALID),
    _case("size(txt, txt) = :it", INVALID, it=N(1)),
    _case("howl(nr) = :it", INVALID, it=N(1)),
    _case("if_not_exists(nr, txt) = :it", INVALID, it=N(1)),
    _case("nr < :it", INVALID, it={"L": []}),
    _case("nr >= :it", INVALID, it={"BOOL": True}),
    _case("nr BETWEEN :a AND :b", INVALID, a=N(2), b=N(1)),
    _case("nr BETWEEN :a AND :b", INVALID, a=N(1), b=S("x")),
    _case("nr BETWEEN :a AND :b", INVALID, a={"L": []}, b={"L": []}),
    _case("nr = :it", INVALID, it={"SS": []}),
    _case("nr = :it", INVALID, it={"SS": ["a", "a"]}),
    _case("nr = :it", INVALID, it={"NULL": False}),
    _case("nr = :it", INVALID, it=N("five")),
    _case("nr = :it", INVALID, it=N("1E126")),
    _case("nr = :it", INVALID, it=N("1" * 39)),
]

CONDITIONS: tuple[ConditionCase, ...] = (
    *_EQUAL_TO_ITSELF,
    *_EQUAL_TO_ANOTHER,
    *_OF_TYPE,
    *_COMPARISONS,
    *_MISSING,
    *_FUNCTIONS,
    *_LOGIC,
    *_NAMES,
    *_REFUSED,
)
