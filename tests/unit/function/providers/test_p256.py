"""ECDSA over P-256: known answers, and whatever a well-kept library signs."""

from __future__ import annotations

from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from function.providers.sendgrid import p256

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
#: https://www.rfc-editor.org/rfc/rfc6979#appendix-A.2.5
RFC_KEY = (
    0x60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6,
    0x7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299,
)
RFC_SIGNATURES = {
    b"sample": (
        0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
        0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
    ),
    b"test": (
        0xF1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367,
        0x019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083,
    ),
}
KEY = ec.derive_private_key(7, ec.SECP256R1())


def der_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


PUBLIC = p256.read_public_key(der_of(KEY))
SIGNATURE = KEY.sign(b"message", ec.ECDSA(SHA256()))


@pytest.mark.parametrize("message", RFC_SIGNATURES)
def test_the_known_answers_of_rfc_6979_are_verified(message: bytes) -> None:
    r, s = RFC_SIGNATURES[message]
    assert p256.verify(RFC_KEY, message, encode_dss_signature(r, s))
    assert not p256.verify(RFC_KEY, message + b".", encode_dss_signature(r, s))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, ORDER - 1), st.binary(max_size=200))
def test_whatever_the_library_signs_is_verified_and_nothing_else(secret: int, message: bytes) -> None:
    key = ec.derive_private_key(secret, ec.SECP256R1())
    public, signature = p256.read_public_key(der_of(key)), key.sign(message, ec.ECDSA(SHA256()))
    assert p256.verify(public, message, signature)
    assert not p256.verify(public, message + b"\0", signature)
    assert not p256.verify(PUBLIC, message, signature) or secret == 7


def test_the_other_signature_of_the_same_point_is_verified_too() -> None:
    r, s = decode_dss_signature(SIGNATURE)
    assert p256.verify(PUBLIC, b"message", encode_dss_signature(r, ORDER - s))


@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (0, 0), (ORDER, 1), (1, ORDER), (ORDER, ORDER), (PRIME, 1)])
def test_numbers_out_of_range_verify_nothing(r: int, s: int) -> None:
    assert not p256.verify(PUBLIC, b"message", encode_dss_signature(r, s))


def test_a_signature_whose_numbers_are_moved_by_the_order_is_none() -> None:
    r, s = decode_dss_signature(SIGNATURE)
    assert not p256.verify(PUBLIC, b"message", encode_dss_signature(r, s + ORDER))
    assert not p256.verify(PUBLIC, b"message", encode_dss_signature(r + ORDER, s))


def test_every_byte_of_a_signature_counts() -> None:
    for place in range(len(SIGNATURE)):
        changed = bytearray(SIGNATURE)
        changed[place] ^= 1
        assert not p256.verify(PUBLIC, b"message", bytes(changed)), place
    for length in range(len(SIGNATURE)):
        assert not p256.verify(PUBLIC, b"message", SIGNATURE[:length]), length
    assert not p256.verify(PUBLIC, b"message", SIGNATURE + b"\0")


@pytest.mark.parametrize(
    "lax",
    [
        b"\x30\x81\x06\x02\x01\x01\x02\x01\x01",  # a length in the long form
        b"\x30\x80\x02\x01\x01\x02\x01\x01\x00\x00",  # of unknown length
        b"\x30\x07\x02\x02\x00\x01\x02\x01\x01",  # padded
        b"\x30\x06\x02\x01\x81\x02\x01\x01",  # negative
        b"\x30\x05\x02\x00\x02\x01\x01",  # without content
        b"\x30\x06\x02\x01\x01\x02\x02\x01",  # longer than it is
        b"\x30\x00",
        b"",
    ],
)
def test_only_der_is_read(lax: bytes) -> None:
    assert not p256.verify(PUBLIC, b"message", lax)


@pytest.mark.parametrize("key", [b"", der_of(KEY)[:-1], der_of(KEY) + b"\0", b"\x30" * 91])
def test_what_is_no_key_of_this_curve_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="P-256"):
        p256.read_public_key(key)


def test_a_key_of_another_curve_or_off_the_curve_is_refused() -> None:
    other = ec.derive_private_key(7, ec.SECP256K1())
    with pytest.raises(ValueError, match="P-256"):
        p256.read_public_key(der_of(other))
    off = bytearray(der_of(KEY))
    off[-1] ^= 1
    with pytest.raises(ValueError, match="P-256"):
        p256.read_public_key(bytes(off))


def test_sums_go_through_the_point_at_infinity() -> None:
    """With the key G, u G + v Q meets the same point twice, and with -G opposite points."""
    for secret in (1, 2, ORDER - 1, ORDER - 2):
        key = ec.derive_private_key(secret, ec.SECP256R1())
        signature = key.sign(b"edge", ec.ECDSA(SHA256()))
        assert p256.verify(p256.read_public_key(der_of(key)), b"edge", signature)


def test_the_example_of_sendgrids_own_library_is_verified() -> None:
    """https://github.com/sendgrid/sendgrid-python/blob/main/test/unit/test_eventwebhook.py"""
    key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eN"
        "Ec6wEA3F+g=="
    )
    signature = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
    body = (
        b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
        b'"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
        b'"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
        b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
    )
    public = p256.read_public_key(b64decode(key))
    assert p256.verify(public, b"1600112502" + body, b64decode(signature))
    assert not p256.verify(public, b"1600112503" + body, b64decode(signature))
