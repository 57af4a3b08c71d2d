"""`/livez` and `/readyz`, for whatever starts and monitors the app."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter
from pydantic import BaseModel

from webapp import log
from webapp.api.dependencies import ServicesOf
from webapp.api.openapi import document_failures
from webapp.api.problems import Problem

__all__ = ["HealthStatus", "livez", "readyz", "router"]

router = APIRouter()


class HealthStatus(BaseModel):
    """The status of a healthy app."""

    status: str


@router.get("/livez")
def livez() -> HealthStatus:
    """The process answers."""
    return HealthStatus(status="alive")


@router.get("/readyz", responses=document_failures(503))
def readyz(services: ServicesOf) -> HealthStatus:
    """The table is readable and the issuer's keys are available."""
    try:
        services.books.page("readyz", 1)
    except (BotoCoreError, ClientError) as error:
        log.failure("not ready", error)
        raise Problem("unavailable", "The table of books cannot be read.", {"Retry-After": "5"}) from error
    services.verifier.fetch_keys()
    return HealthStatus(status="ready")
