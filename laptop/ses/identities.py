"""Email identities. Each one is verified on creation, because nobody could click a link or set DNS records.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_CreateEmailIdentity.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from laptop.ses.errors import SesError, make_bad_request, make_not_found

__all__ = ["Identities"]


class Identities:
    """The verified domains and addresses, by name in lower case."""

    def __init__(self) -> None:
        self._identities: dict[str, dict[str, Any]] = {}

    def require_verified(self, addresses: Iterable[str], region: str) -> None:
        """Raise `MessageRejected` unless each address, its domain or a parent domain is an identity."""
        failed = [address for address in addresses if not self._covers(address)]
        if failed:
            raise SesError(
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in region "
                f"{region.upper()}: {', '.join(failed)}",
            )

    def _covers(self, address: str) -> bool:
        labels = address.rpartition("@")[2].split(".")
        return bool(self._identities.keys() & {address, *(".".join(labels[cut:]) for cut in range(len(labels)))})

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`CreateEmailIdentity`."""
        name = str(request["EmailIdentity"])
        if name.lower() in self._identities:
            raise SesError("AlreadyExistsException", f"Email identity {name} already exist.")
        identity = _make_identity(name, request)
        self._identities[name.lower()] = identity
        return {key: identity[key] for key in ("IdentityType", "VerifiedForSendingStatus", "DkimAttributes")}

    def get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`GetEmailIdentity`."""
        return self._require(request)

    def list(self, _request: Mapping[str, Any]) -> dict[str, Any]:
        """`ListEmailIdentities`, in one page."""
        return {
            "EmailIdentities": [
                {
                    "IdentityType": identity["IdentityType"],
                    "IdentityName": name,
                    "SendingEnabled": True,
                    "VerificationStatus": "SUCCESS",
                }
                for name, identity in sorted(self._identities.items())
            ]
        }

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`DeleteEmailIdentity`."""
        self._require(request)
        del self._identities[str(request["EmailIdentity"]).lower()]
        return {}

    def put_mail_from(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`PutEmailIdentityMailFromAttributes`; an empty domain removes the custom MAIL FROM domain."""
        identity = self._require(request)
        domain = str(request.get("MailFromDomain") or "")
        parent = str(request["EmailIdentity"]).rpartition("@")[2].lower()
        if domain and not domain.lower().endswith(f".{parent}"):
            raise make_bad_request(
                f"Provided MAIL-FROM domain <{domain}> is not subdomain of the domain of the identity"
            )
        behavior = request.get("BehaviorOnMxFailure") or "USE_DEFAULT_VALUE"
        identity["MailFromAttributes"] = {
            "MailFromDomain": domain,
            "MailFromDomainStatus": "SUCCESS" if domain else "PENDING",
            "BehaviorOnMxFailure": behavior,
        }
        return {}

    def put_dkim(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`PutEmailIdentityDkimAttributes`."""
        self._require(request)["DkimAttributes"]["SigningEnabled"] = bool(request.get("SigningEnabled"))
        return {}

    def put_configuration_set(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`PutEmailIdentityConfigurationSetAttributes`."""
        self._require(request)["ConfigurationSetName"] = request.get("ConfigurationSetName")
        return {}

    def _require(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = str(request["EmailIdentity"])
        if name.lower() not in self._identities:
            raise make_not_found(f"Email identity {name} does not exist.")
        return self._identities[name.lower()]


def _make_identity(name: str, request: Mapping[str, Any]) -> dict[str, Any]:
    tokens = [hashlib.sha256(f"{name}{number}".encode()).hexdigest()[:32] for number in range(3)]
    return {
        "IdentityType": "EMAIL_ADDRESS" if "@" in name else "DOMAIN",
        "FeedbackForwardingStatus": True,
        "VerifiedForSendingStatus": True,
        "VerificationStatus": "SUCCESS",
        "DkimAttributes": {
            "SigningEnabled": True,
            "Status": "SUCCESS",
            "Tokens": tokens,
            "SigningAttributesOrigin": "AWS_SES",
            "NextSigningKeyLength": "RSA_2048_BIT",
            "CurrentSigningKeyLength": "RSA_2048_BIT",
        },
        "Policies": {},
        "Tags": request.get("Tags") or [],
        "ConfigurationSetName": request.get("ConfigurationSetName"),
    }
