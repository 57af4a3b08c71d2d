"""Verifies ECDSA signatures over the curve P-256 with SHA-256.

FIPS 186-5, section 6.4.2: https://nvlpubs.nist.gov/nistpubs/FIPS/NIST.FIPS.186-5.pdf; the curve: SEC 2, section 2.4.2;
keys by RFC 5480, signatures by RFC 3279, section 2.2.3. In pure Python, at some milliseconds a signature, because a
library for it is as large as the rest of the package. All inputs are public, so nothing needs constant time.
"""

from __future__ import annotations

import hashlib

__all__ = ["PublicKey", "read_public_key", "verify"]

#: A point on the curve: x and y.
PublicKey = tuple[int, int]
#: A point in Jacobian coordinates (x / z², y / z³); z = 0 is the point at infinity.
_Point = tuple[int, int, int]

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_INFINITY: _Point = (0, 1, 0)
#: The bytes before the point in a SubjectPublicKeyInfo: id-ecPublicKey, prime256v1, a bit string, uncompressed.
_KEY_HEADER = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_LARGEST_SIGNATURE = 72


def read_public_key(der: bytes) -> PublicKey:
    """Return the point in a DER-encoded SubjectPublicKeyInfo. Raises ValueError if it is not on this curve."""
    if len(der) != len(_KEY_HEADER) + 64 or not der.startswith(_KEY_HEADER):
        raise ValueError("not a public key of P-256")
    x, y = int.from_bytes(der[-64:-32], "big"), int.from_bytes(der[-32:], "big")
    if x >= _P or y >= _P or (y * y - x * x * x + 3 * x - _B) % _P:
        raise ValueError("the point is not on P-256")
    return x, y


def verify(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """Whether the DER-encoded `signature` of `message` was made with the private key of `key`."""
    try:
        r, s = _read_signature(signature)
    except (ValueError, IndexError):
        return False
    if not (0 < r < _N and 0 < s < _N):
        return False
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    inverse = pow(s, -1, _N)
    x, _, z = _sum_of_products(digest * inverse % _N, r * inverse % _N, key)
    # The signature is valid if the point's x modulo the curve's order is r; at most two such x are below the prime.
    return z != 0 and any((x - each * z * z) % _P == 0 for each in (r, r + _N) if each < _P)


def _read_signature(der: bytes) -> tuple[int, int]:
    """Return the two integers of a DER SEQUENCE; any non-canonical encoding is an error."""
    if len(der) > _LARGEST_SIGNATURE or der[0] != 0x30 or der[1] != len(der) - 2:
        raise ValueError("not a DER sequence")
    r, rest = _read_integer(der[2:])
    s, rest = _read_integer(rest)
    if rest:
        raise ValueError("bytes after the signature")
    return r, s


def _read_integer(der: bytes) -> tuple[int, bytes]:
    length = der[1]
    content = der[2 : 2 + length]
    if der[0] != 0x02 or not length or len(content) != length or content[0] & 0x80:
        raise ValueError("not a positive DER integer")
    if length > 1 and content[0] == 0 and not content[1] & 0x80:
        raise ValueError("a padded DER integer")
    return int.from_bytes(content, "big"), der[2 + length :]


def _sum_of_products(u: int, v: int, key: PublicKey) -> _Point:
    """Compute u G + v Q in one pass over the bits (Shamir's trick)."""
    generator, point = (*_G, 1), (*key, 1)
    addends = (_INFINITY, generator, point, _add(generator, point))
    total = _INFINITY
    for bit in range(max(u.bit_length(), v.bit_length()) - 1, -1, -1):
        total = _add(_double(total), addends[(u >> bit & 1) | (v >> bit & 1) << 1])
    return total


def _double(point: _Point) -> _Point:
    """Double a point: https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html#doubling-dbl-2001-b"""
    x, y, z = point
    delta, gamma = z * z % _P, y * y % _P
    beta = x * gamma % _P
    alpha = 3 * (x - delta) * (x + delta) % _P
    x3 = (alpha * alpha - 8 * beta) % _P
    return x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % _P, ((y + z) ** 2 - gamma - delta) % _P


def _add(one: _Point, other: _Point) -> _Point:
    """Add two points: https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html#addition-add-1998-cmo-2"""
    (x1, y1, z1), (x2, y2, z2) = one, other
    if not z1:
        return other
    if not z2:
        return one
    z1z1, z2z2 = z1 * z1 % _P, z2 * z2 % _P
    u1, s1 = x1 * z2z2 % _P, y1 * z2 * z2z2 % _P
    h, r = (x2 * z1z1 - u1) % _P, (y2 * z1 * z1z1 - s1) % _P
    if not h:
        return _INFINITY if r else _double(one)
    hh = h * h % _P
    hhh, v = h * hh % _P, u1 * hh % _P
    x3 = (r * r - hhh - 2 * v) % _P
    return x3, (r * (v - x3) - s1 * hhh) % _P, z1 * z2 * h % _P
