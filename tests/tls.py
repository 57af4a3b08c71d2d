"""TLS contexts of a server on loopback and of its client."""

from __future__ import annotations

import ssl
from pathlib import Path

from laptop.providers.certificate import make_certificate

__all__ = ["make_contexts"]


def make_contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """That of a server with a new certificate, which is written into `folder`, and that of a client that trusts it."""
    path = make_certificate(folder)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(path)
    return serving, ssl.create_default_context(cafile=str(path))
