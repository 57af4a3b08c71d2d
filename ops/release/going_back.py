"""The version before, put back: by stopping what is under way, by clearing weights that lie about, or by CodeDeploy."""

from __future__ import annotations

import time

from ops.errors import UserError
from ops.release import deployments
from ops.release.appspec import render
from ops.release.place import ALIAS, Place
from ops.release.strategy import WORDS, config_of, minutes
from ops.release.versions import Live, live, previous, versions
from ops.release.watching import Watch

__all__ = ["Way", "carry_out", "stop", "way_back"]

_BESIDE = 15


class Way:
    """What has to be done so that `version` gets all traffic; `says` it in words."""

    def __init__(self, version: str, says: str, stops: str = "", clears: Live | None = None) -> None:
        self.version = version
        self.says = says
        self.stops = stops
        self.clears = clears


def way_back(place: Place, to: str | None = None) -> Way:
    """How to go back from where things stand now. Raises `UserError` if there is nowhere to go."""
    now, running = live(place), deployments.running(place)
    if running:
        if to not in (None, running.current):
            raise UserError(f"{running.id} is under way, and stopping it leads to version {running.current}, not {to}")
        return Way(running.current, f"stop {running.id}; version {running.current} gets all traffic", stops=running.id)
    if now.weights:
        return Way(now.version, f"clear the weights ({now.told()}) that no deployment moves", clears=now)
    version = to or previous(place)
    if version == now.version:
        raise UserError(f"version {version} is live already: there is nothing to roll back")
    if version not in {one.number for one in versions(place)}:
        raise UserError(f"there is no version {version}: make releases lists them")
    return Way(version, f"deploy version {version} in place of {now.version}, without hooks")


def carry_out(place: Place, way: Way, strategy: str | None = None) -> Watch | None:
    """Begin it; what to watch, or None where it is done already."""
    if way.stops:
        stop(place, way.stops)
        return _watch(place, way.stops, 0)
    if way.clears:
        _clear(place)
        return None
    config, routing = config_of(place, strategy or WORDS["all-at-once"])
    now = live(place).version
    revision = render(place.names.notify, ALIAS, now, way.version, {})
    description = f"rollback of {place.names.notify}: version {now} to {way.version}"
    try:  # alarms are ringing, as a rule, when somebody rolls back: they must not stop it
        id_ = deployments.create(place, revision.location(), config, description, [])
    except place.codedeploy.exceptions.DeploymentLimitExceededException:
        raise UserError("another deployment began meanwhile: run this again") from None
    return _watch(place, id_, minutes(routing))


def stop(place: Place, id_: str) -> None:
    """Stop a deployment and have it taken back; one that has ended meanwhile is left."""
    try:
        place.codedeploy.stop_deployment(deploymentId=id_, autoRollbackEnabled=True)
    except place.codedeploy.exceptions.DeploymentAlreadyCompletedException:
        return


def _clear(place: Place) -> None:
    alias = place.functions.get_alias(FunctionName=place.names.notify, Name=ALIAS)
    place.functions.update_alias(
        FunctionName=place.names.notify,
        Name=ALIAS,
        FunctionVersion=alias["FunctionVersion"],
        RoutingConfig={"AdditionalVersionWeights": {}},
        RevisionId=alias["RevisionId"],
    )


def _watch(place: Place, id_: str, moving: float) -> Watch:
    seconds = (moving + _BESIDE) * 60 * place.scale
    return Watch(place, id_, [], moving * 60 * place.scale, time.monotonic() + max(120.0, seconds))
