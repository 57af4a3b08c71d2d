"""Update expressions, the item that DynamoDB makes of them, and what it returns.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

from typing import Any

from tests.dynamodb.case import INVALID, UpdateCase

__all__ = ["UPDATES"]

Typed = dict[str, Any]


def N(*numbers: object) -> Typed:
    return {"N": str(numbers[0])} if len(numbers) == 1 else {"L": [{"N": str(one)} for one in numbers]}


def S(text: str) -> Typed:
    return {"S": text}


ITEM: Typed = {
    "nr": N(5),
    "txt": S("hello"),
    "lst": N(1, 2, 3),
    "doc": {"M": {"x": N(1), "y": {"M": {"z": S("far")}}, "seq": N(7, 8)}},
    "ss": {"SS": ["cat", "dog"]},
}


def _case(expression: str, after: Typed | str | None, **values: Any) -> UpdateCase:
    item, names = values.pop("item", ITEM), values.pop("names", {})
    given = {f":{name}": value for name, value in values.items()}
    return UpdateCase(expression, after, item, given, names)


def _returns(what: str, expression: str, attributes: Typed | None, **values: Any) -> UpdateCase:
    item, after = values.pop("item", ITEM), values.pop("after")
    given = {f":{name}": value for name, value in values.items()}
    return UpdateCase(expression, after, item, given, {}, what, attributes)


def _with(**changes: Typed) -> Typed:
    return ITEM | changes


def _without(name: str) -> Typed:
    return {one: value for one, value in ITEM.items() if one != name}


def _doc(**changes: Typed) -> Typed:
    return {"M": ITEM["doc"]["M"] | changes}


_SET = [
    _case("SET nr = :v", _with(nr=S("made")), v=S("made")),
    _case("set nr=:v , made = :w", _with(nr=N(1), made=N(2)), v=N(1), w=N(2)),
    _case("SET made = :v", {"made": N(1)}, item=None, v=N(1)),
    _case("SET nr = nr + :v", _with(nr=N(7)), v=N(2)),
    _case("SET nr = nr - :v", _with(nr=N("4.5")), v=N("0.5")),
    _case("SET nr = :v - nr", _with(nr=N(-5)), v=N(0)),
    _case("SET made = nr + nr", _with(made=N(10))),
    _case("SET nr = if_not_exists(nr, :v)", ITEM, v=N(1)),
    _case("SET made = if_not_exists(made, :v)", _with(made=N(1)), v=N(1)),
    _case("SET made = if_not_exists(made, :v) + :w", _with(made=N(3)), v=N(1), w=N(2)),
    _case("SET made = if_not_exists(gone, txt)", _with(made=S("hello"))),
    _case("SET lst = list_append(lst, :v)", _with(lst=N(1, 2, 3, 4, 5)), v=N(4, 5)),
    _case("SET lst = list_append(:v, lst)", _with(lst=N(4, 5, 1, 2, 3)), v=N(4, 5)),
    _case("SET made = list_append(if_not_exists(made, :none), :v)", _with(made=N(4, 5)), v=N(4, 5), none={"L": []}),
    _case("SET made = txt, txt = :v", _with(made=S("hello"), txt=S("x")), v=S("x")),
    _case("SET txt = nr, nr = txt", _with(txt=N(5), nr=S("hello"))),
    _case("SET doc.x = :v", _with(doc=_doc(x=N(9))), v=N(9)),
    _case("SET doc.#n = :v", _with(doc=_doc(state=N(9))), v=N(9), names={"#n": "state"}),
    _case("SET doc.y.z = :v, doc.x = :v", _with(doc=_doc(x=N(9), y={"M": {"z": N(9)}})), v=N(9)),
    _case("SET lst[1] = :v", _with(lst=N(1, 9, 3)), v=N(9)),
    _case("SET lst[7] = :v", _with(lst=N(1, 2, 3, 9)), v=N(9)),
    _case("SET doc.seq[0] = doc.x", _with(doc=_doc(seq=N(1, 8)))),
    _case(
        "SET lst[9] = :a, lst[5] = :b, lst[0] = :c",
        _with(lst=N(30, 2, 3, 20, 10)),
        a=N(10),
        b=N(20),
        c=N(30),
    ),
    _case("SET made = :v", _with(made={"L": []}), v={"L": []}),
    _case("SET made = :v", _with(made=N("12345678901234567890.123456789")), v=N("12345678901234567890.123456789")),
]
_REMOVE = [
    _case("REMOVE nr", _without("nr")),
    _case("REMOVE gone", ITEM),
    _case("REMOVE nr, gone", _without("nr")),
    _case("REMOVE doc.x", _with(doc={"M": {"y": ITEM["doc"]["M"]["y"], "seq": N(7, 8)}})),
    _case("REMOVE doc.gone", ITEM),
    _case("REMOVE lst[0], lst[2]", _with(lst={"L": [{"N": "2"}]})),
    _case("REMOVE lst[0], lst[1], lst[2]", _with(lst={"L": []})),
    _case("REMOVE lst[7]", ITEM),
    _case("REMOVE lst[1] SET lst[2] = :v", _with(lst=N(1, 9)), v=N(9)),
    _case("REMOVE lst[3] SET lst[5] = :v", _with(lst=N(1, 2, 3, 9)), v=N(9)),
    _case("REMOVE txt SET made = txt", _without("txt") | {"made": S("hello")}),
    _case("REMOVE nr", None, item=None),
    _case("REMOVE doc.x", None, item=None),
]
_ADD_AND_DELETE = [
    _case("ADD nr :v", _with(nr=N("7.5")), v=N("2.5")),
    _case("ADD made :v", _with(made=N(2)), v=N(2)),
    _case("ADD made :v", {"made": N(2)}, item=None, v=N(2)),
    _case("ADD doc.x :v", _with(doc=_doc(x=N(3))), v=N(2)),
    _case("ADD ss :v", _with(ss={"SS": ["ant", "cat", "dog"]}), v={"SS": ["ant", "cat"]}),
    _case("ADD made :v", _with(made={"NS": ["1"]}), v={"NS": ["1"]}),
    _case("DELETE ss :v", _with(ss={"SS": ["dog"]}), v={"SS": ["cat", "ant"]}),
    _case("DELETE ss :v", _without("ss"), v={"SS": ["cat", "dog"]}),
    _case("DELETE gone :v", ITEM, v={"SS": ["cat"]}),
    _case(
        "SET txt = :t ADD nr :n REMOVE lst DELETE ss :s",
        {"txt": S("x"), "nr": N(6), "doc": ITEM["doc"], "ss": {"SS": ["dog"]}},
        t=S("x"),
        n=N(1),
        s={"SS": ["cat"]},
    ),
]
_REFUSED = [
    _case("", INVALID),
    _case("SET", INVALID),
    _case("SET nr", INVALID),
    _case("SET nr :v", INVALID, v=N(1)),
    _case("HELLO nr = :v", INVALID, v=N(1)),
    _case("SET nr = :v,", INVALID, v=N(1)),
    _case("SET nr = :v SET txt = :v", INVALID, v=N(1)),
    _case("SET nr = :v + :v + :v", INVALID, v=N(1)),
    _case("SET state = :v", INVALID, v=N(1)),
    _case("REMOVE owner", INVALID),
    _case("SET _nr = :v", INVALID, v=N(1)),
    _case("SET nr = :w", INVALID, v=N(1)),
    _case("SET nr = :v", INVALID, v=N(1), w=N(1)),
    _case("SET #n = :v", INVALID, v=N(1)),
    _case("SET nr = :v", INVALID, v=N(1), names={"#n": "nr"}),
    _case("SET nr = :v, nr = :w", INVALID, v=N(1), w=N(2)),
    _case("SET nr = :v REMOVE nr", INVALID, v=N(1)),
    _case("SET doc = :v, doc.x = :v", INVALID, v=N(1)),
    _case("SET lst[0] = :v REMOVE lst", INVALID, v=N(1)),
    _case("SET made.a = :v, made[1] = :v", INVALID, v=N(1)),
    _case("SET pk = :v", INVALID, v=S("other")),
    _case("REMOVE pk", INVALID),
    _case("SET made = gone", INVALID),
    _case("SET made = gone + :v", INVALID, v=N(1)),
    _case("SET made = txt + :v", INVALID, v=N(1)),
    _case("SET made = :v + :w", INVALID, v=N(1), w=S("1")),
    _case("SET made = list_append(gone, :v)", INVALID, v={"L": []}),
    _case("SET made = list_append(txt, :v)", INVALID, v={"L": []}),
    _case("SET made = list_append(lst, :v)", INVALID, v=S("x")),
    _case("SET made = list_append(lst)", INVALID),
    _case("SET made = list_append(list_append(lst, :v), :v)", INVALID, v={"L": []}),
    _case("SET made = LIST_APPEND(lst, :v)", INVALID, v={"L": []}),
    _case("SET made = if_not_exists(:v, :w)", INVALID, v=N(1), w=N(1)),
    _case("SET made = if_not_exists(gone, :v + :w)", INVALID, v=N(1), w=N(1)),
    _case("SET made = howl(nr)", INVALID),
    _case("SET gone.x = :v", INVALID, v=N(1)),
    _case("SET txt.x = :v", INVALID, v=N(1)),
    _case("SET lst.x = :v", INVALID, v=N(1)),
    _case("SET doc[0] = :v", INVALID, v=N(1)),
    _case("SET gone[0] = :v", INVALID, v=N(1)),
    _case("SET gone.x = :v", INVALID, item=None, v=N(1)),
    _case("REMOVE gone.x", INVALID),
    _case("REMOVE txt[0]", INVALID),
    _case("ADD nr :v", INVALID, v=S("x")),
    _case("ADD txt :v", INVALID, v=N(1)),
    _case("ADD lst :v", INVALID, v={"L": []}),
    _case("ADD ss :v", INVALID, v={"NS": ["1"]}),
    _case("DELETE ss :v", INVALID, v=S("cat")),
    _case("DELETE ss :v", INVALID, v={"NS": ["1"]}),
    _case("SET nr = nr + :v", INVALID, v=N("1E60")),
]
_RETURNS = [
    _returns("NONE", "SET nr = :v", None, after=_with(nr=N(1)), v=N(1)),
    _returns("ALL_OLD", "SET nr = :v", ITEM, after=_with(nr=N(1)), v=N(1)),
    _returns("ALL_OLD", "SET nr = :v", None, after={"nr": N(1)}, item=None, v=N(1)),
    _returns("ALL_NEW", "SET nr = :v", _with(nr=N(1)), after=_with(nr=N(1)), v=N(1)),
    _returns("ALL_NEW", "SET nr = :v", {"nr": N(1)}, after={"nr": N(1)}, item=None, v=N(1)),
    _returns("UPDATED_OLD", "SET nr = :v, made = :v", {"nr": N(5)}, after=_with(nr=N(1), made=N(1)), v=N(1)),
    _returns("UPDATED_OLD", "SET made = :v", None, after=_with(made=N(1)), v=N(1)),
    _returns("UPDATED_OLD", "REMOVE nr", {"nr": N(5)}, after=_without("nr")),
    _returns("UPDATED_NEW", "SET nr = nr + :v", {"nr": N(6)}, after=_with(nr=N(6)), v=N(1)),
    _returns("UPDATED_NEW", "SET made = :v REMOVE nr", {"made": N(1)}, after=_without("nr") | {"made": N(1)}, v=N(1)),
    _returns("UPDATED_NEW", "REMOVE nr", None, after=_without("nr")),
    _returns("UPDATED_NEW", "SET doc.x = :v", {"doc": {"M": {"x": N(9)}}}, after=_with(doc=_doc(x=N(9))), v=N(9)),
    _returns("UPDATED_OLD", "SET doc.x = :v", {"doc": {"M": {"x": N(1)}}}, after=_with(doc=_doc(x=N(9))), v=N(9)),
    _returns("UPDATED_OLD", "SET lst[1] = :v", {"lst": {"L": [N(2)]}}, after=_with(lst=N(1, 9, 3)), v=N(9)),
    _returns("ALL_NEW", "REMOVE nr", None, after=None, item=None),
]

UPDATES: tuple[UpdateCase, ...] = (*_SET, *_REMOVE, *_ADD_AND_DELETE, *_REFUSED, *_RETURNS)
