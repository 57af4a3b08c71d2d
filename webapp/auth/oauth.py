"""The library that speaks OAuth 2.0, in a module of its own: importing it takes a quarter of a second.

https://docs.authlib.org/en/stable/oauth2/client/http/index.html
"""

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException

__all__ = ["AuthlibBaseError", "OAuth2Session", "RequestException"]
