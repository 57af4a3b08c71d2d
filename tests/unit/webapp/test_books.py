"""ISBNs are checked by their check digit and kept in one form."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from webapp.books.book import BookIn


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("9780441007318", "9780441007318"),
        ("978-0-441-00731-8", "9780441007318"),
        ("0-441-00731-7", "9780441007318"),
        ("080442957X", "9780804429573"),
        ("0-8044-2957-x", "9780804429573"),
        ("978 0 441 00731 8", "9780441007318"),
        ("978\u00ad0\u00ad441\u00ad00731\u00ad8", "9780441007318"),
        ("978\u20110\u2013441\u201000731\u22128", "9780441007318"),
        ("ISBN 978-0-441-00731-8", "9780441007318"),
        ("ISBN-13: 978-0-441-00731-8", "9780441007318"),
        ("ISBN (13): 978-0-441-00731-8", "9780441007318"),
        ("ISBN No. 978-0-441-00731-8", "9780441007318"),
        ("EAN 9780441007318", "9780441007318"),
        ("isbn10 0-441-00731-7", "9780441007318"),
        ("ISBN:0441007317", "9780441007318"),
        ("ISBN-13 978\u20110\u2011441\u201100731\u20118", "9780441007318"),
        ("ISBN 10: 0-8044-2957-x", "9780804429573"),
        ("ISBN10=0441007317", "9780441007318"),
        ("e-ISBN: 978-0-441-00731-8", "9780441007318"),
        ("urn:isbn:9780441007318", "9780441007318"),
        ("978.0.441.00731.8.", "9780441007318"),
        ("978\u00a00\u2009441\u202f00731\u30008", "9780441007318"),
        ("\ufeff978\u200b0441\t007318\n", "9780441007318"),
        ("\uff19\uff17\uff18\uff10\uff14\uff14\uff11\uff10\uff10\uff17\uff13\uff11\uff18", "9780441007318"),
        (None, None),
    ],
)
def test_good_isbns(said: str | None, kept: str | None) -> None:
    assert BookIn(title="T", author="A", isbn=said).isbn == kept


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("9780441007311", "check digit"),
        ("0441007318", "check digit"),
        ("9770441007319", "begins with 978 or 979"),
        ("4006381333931", "begins with 978 or 979"),
        ("12345678901", "10 or 13 digits"),
        ("ISBN 0441007", "10 or 13 digits"),
        ("٩٧٨٠٤٤١٠٠٧٣١٨", "10 or 13 digits"),
        ("123-456-789", "10 or 13 digits"),
        ("123", "10 or 13 digits"),
        ("", "10 or 13 digits"),
        ("ISBN", "10 or 13 digits"),
        ("978044100731X", "10 or 13 digits"),
        ("9772049363002", "begins with 978 or 979"),
    ],
)
def test_bad_isbns_say_why(said: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        BookIn(title="T", author="A", isbn=said)
