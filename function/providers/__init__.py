"""Who carries the mails: each provider says accepted, refused or unknown (`function.errors`)."""

from function.providers.provider import Provider
from function.providers.ses import SesProvider

__all__ = ["Provider", "SesProvider"]
