"""Where an emulator answers otherwise than DynamoDB is documented to, and why it is not followed.

One sentence for each way of differing, with the cases that show it. The tests hold that each listed case differs
still, and that no other one does.
"""

from __future__ import annotations

__all__ = ["DIFFERENCES"]

_MOTO: dict[str, tuple[str, ...]] = {
    "calls two missing attributes equal; an attribute that is not there equals nothing (Alternator, #8511)": (
        "gone = lost",
        "gone <> lost",
        "gone IN (lost)",
    ),
    "breaks on an order between two types; different types have no order and compare false": (
        "nr > '1'",
        "lst < 1",
        "nr BETWEEN 'a' AND 'z'",
        "nr BETWEEN nothing AND 9",
    ),
    "breaks on the size of what has none; the condition fails": (
        "size(gone) = 0",
        "size(gone) < 9",
        "size(nr) = 1",
        "size(flag) = 1",
    ),
    "compares binary values in base64; their bytes count": ("begins_with(bin, b'hi')", "contains(bin, b'the')"),
    "cannot read NOT twice, nor a tab": ("not not nr = 5", "  nr=5  AND\ttxt='hello'\n"),
    "takes what is no expression": ("an empty condition", "nr = 7", "_nr = 1", "lst[-1] = 1"),
    "does not judge names and values of a condition, nor their types; the service refuses them": (
        "nr = 1 with :other",
        "nr = 5 with :it",
        "attribute_type(nr, 'DOG')",
        "attribute_type(nr, 1)",
        "begins_with(txt, 1)",
        "contains(txt, txt)",
        "nr = nr",
        "nr >= True",
        "nr BETWEEN 2 AND 1",
        "nr = {}",
        "nr = {a, a}",
        "nr = False",
        "nr = 1E126",
        "nr = 111111111111111111111111111111111111111",
        "a value that is not used is refused",
    ),
    "refuses a transaction for an update that does not fit; the service cancels it with the reason": (
        "an update that does not fit the item cancels, with its reason",
    ),
    "appends in the order written; the service goes by element number": ("SET lst[9] = 10, lst[5] = 20, lst[0] = 30",),
    "counts an index after the removals; it is that of the old list": ("REMOVE lst[1] SET lst[2] = 9",),
    "makes an item of an update that only removes; the service makes none (Alternator, test_item.py)": (
        "REMOVE nr of no item",
        "REMOVE doc.x of no item",
        "REMOVE nr of no item -> ALL_NEW",
    ),
    "adds three terms; the grammar has two": ("SET nr = 1 + 1 + 1",),
    "sets below a value that is no map, or beside its own removal, and says nothing; the path is refused": (
        "SET lst[0] = 1 REMOVE lst",
        "SET txt.x = 1",
        "SET lst.x = 1",
    ),
    "nests list_append; the service does not": ("SET made = list_append(list_append(lst, []), [])",),
    "returns the whole attribute, or an empty answer; the service returns what was touched, or nothing": (
        "REMOVE nr -> UPDATED_NEW",
        "SET doc.x = 9 -> UPDATED_OLD",
        "SET lst[1] = 9 -> UPDATED_OLD",
    ),
}

_MINISTACK: dict[str, tuple[str, ...]] = {
    "calls two missing attributes equal; an attribute that is not there equals nothing (Alternator, #8511)": (
        "gone = lost",
        "gone <> lost",
        "gone IN (lost)",
    ),
    "refuses begins_with for what the item holds, and a value before a path; only values of the request are judged": (
        "begins_with(nr, '5')",
        "begins_with(txt, b'he')",
        "begins_with('hey', head)",
    ),
    "finds no bytes in binary values": ("contains(bin, b'the')",),
    "takes what is no expression, and function names in any case": (
        "nr & 1",
        "_nr = 1",
        "Attribute_Exists(nr)",
        "SET",
        "SET nr",
        "SET nr 1",
        "SET nr = 1,",
        "SET nr = 1 SET txt = 1",
        "SET nr = 1 + 1 + 1",
        "SET _nr = 1",
        "SET made = LIST_APPEND(lst, [])",
        "SET made = list_append(list_append(lst, []), [])",
        "SET made = if_not_exists(1, 1)",
        "SET made = if_not_exists(gone, 1 + 1)",
    ),
    "does not judge the operands of a condition; the service refuses them": (
        "attribute_type(nr, txt)",
        "attribute_type(nr, 'DOG')",
        "attribute_type(nr, 1)",
        "nr = nr",
        "nr < []",
        "nr >= True",
        "nr BETWEEN 1 AND 'x'",
        "nr BETWEEN [] AND []",
        "nr = {}",
        "nr = False",
    ),
    "takes operands of the wrong type in an update and leaves them out; the service refuses them": (
        "SET made = txt + 1",
        "SET made = 1 + '1'",
        "SET made = list_append(txt, [])",
        "SET made = list_append(lst, 'x')",
        "SET nr = nr + 1E60",
    ),
    "takes two changes of one path; the service refuses what overlaps": (
        "SET nr = 1, nr = 2",
        "SET nr = 1 REMOVE nr",
        "SET lst[0] = 1 REMOVE lst",
    ),
    "passes over a path that leads nowhere; the service refuses it": (
        "SET doc[0] = 1",
        "REMOVE gone.x",
        "REMOVE txt[0]",
    ),
    "appends in the order written; the service goes by element number": ("SET lst[9] = 10, lst[5] = 20, lst[0] = 30",),
    "counts an index after what it changed before; it is that of the old list": (
        "REMOVE lst[0], lst[2]",
        "REMOVE lst[0], lst[1], lst[2]",
        "REMOVE lst[3] SET lst[5] = 9",
    ),
    "makes an item of an update that only removes; the service makes none (Alternator, test_item.py)": (
        "REMOVE nr of no item",
        "REMOVE doc.x of no item",
        "REMOVE nr of no item -> ALL_NEW",
    ),
    "returns the whole attribute, or an empty answer; the service returns what was touched, or nothing": (
        "SET made = 1 -> UPDATED_OLD",
        "SET lst[1] = 9 -> UPDATED_OLD",
    ),
}

#: Emulator, way of differing, cases.
DIFFERENCES = {"moto": _MOTO, "ministack": _MINISTACK}
