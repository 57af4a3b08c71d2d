"""Configuration sets and their event destinations.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_CreateConfigurationSet.html
https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_CreateConfigurationSetEventDestination.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from laptop.ses.errors import SesError, make_bad_request, make_not_found

__all__ = ["ConfigurationSets"]

#: The option groups that `GetConfigurationSet` returns and `PutConfigurationSet<name>` replaces.
OPTIONS = ("DeliveryOptions", "ReputationOptions", "SendingOptions", "SuppressionOptions")


class ConfigurationSets:
    """The configuration sets by name, each with its options and its named event destinations."""

    def __init__(self) -> None:
        self._sets: dict[str, dict[str, Any]] = {}
        self._destinations: dict[str, dict[str, dict[str, Any]]] = {}

    def require_sending(self, name: str) -> None:
        """Raise `SesError` unless the set exists and sending through it is enabled."""
        options = self._require({"ConfigurationSetName": name}).get("SendingOptions") or {}
        if options.get("SendingEnabled") is False:
            raise SesError("SendingPausedException", f"Sending paused for configuration set <{name}>.")

    def topics(self, name: str, event: str) -> list[str]:
        """Return the topic ARNs for events of this configured type, such as `DELIVERY_DELAY`."""
        destinations = self._destinations.get(name, {}).values()
        matching = [d for d in destinations if d.get("Enabled") and event in d.get("MatchingEventTypes", ())]
        return [str(d["SnsDestination"]["TopicArn"]) for d in matching if d.get("SnsDestination")]

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`CreateConfigurationSet`."""
        name = str(request["ConfigurationSetName"])
        if name in self._sets:
            raise SesError("AlreadyExistsException", f"Configuration set <{name}> already exists.")
        given = {option: request[option] for option in OPTIONS if option in request}
        self._sets[name] = {"ConfigurationSetName": name, "Tags": request.get("Tags") or [], **given}
        self._destinations[name] = {}
        return {}

    def get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`GetConfigurationSet`."""
        defaults = {
            "SendingOptions": {"SendingEnabled": True},
            "ReputationOptions": {"ReputationMetricsEnabled": False},
        }
        return {**defaults, **self._require(request)}

    def list(self, _request: Mapping[str, Any]) -> dict[str, Any]:
        """`ListConfigurationSets`, in one page."""
        return {"ConfigurationSets": sorted(self._sets)}

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`DeleteConfigurationSet`."""
        self._require(request)
        name = str(request["ConfigurationSetName"])
        del self._sets[name], self._destinations[name]
        return {}

    def put_options(self, option: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """`PutConfigurationSet<option>`: replaces one group of options."""
        values = {key: value for key, value in request.items() if key != "ConfigurationSetName"}
        self._require(request)[option] = values.get(option, values)
        return {}

    def create_destination(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`CreateConfigurationSetEventDestination`."""
        destinations, name = self._find_destinations(request), str(request["EventDestinationName"])
        if name in destinations:
            raise SesError("AlreadyExistsException", f"An event destination with name <{name}> already exists.")
        if len(destinations) >= 10:
            raise SesError("LimitExceededException", "A configuration set has at most 10 event destinations.")
        destinations[name] = _read_destination(name, request)
        return {}

    def update_destination(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`UpdateConfigurationSetEventDestination`."""
        destinations, name = self._require_destination(request)
        destinations[name] = _read_destination(name, request)
        return {}

    def delete_destination(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`DeleteConfigurationSetEventDestination`."""
        destinations, name = self._require_destination(request)
        del destinations[name]
        return {}

    def list_destinations(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`GetConfigurationSetEventDestinations`."""
        return {"EventDestinations": list(self._find_destinations(request).values())}

    def _require(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = str(request["ConfigurationSetName"])
        if name not in self._sets:
            raise make_not_found(f"Configuration set <{name}> does not exist.")
        return self._sets[name]

    def _find_destinations(self, request: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        self._require(request)
        return self._destinations[str(request["ConfigurationSetName"])]

    def _require_destination(self, request: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], str]:
        destinations, name = self._find_destinations(request), str(request["EventDestinationName"])
        if name not in destinations:
            raise make_not_found(f"Event destination <{name}> does not exist.")
        return destinations, name


def _read_destination(name: str, request: Mapping[str, Any]) -> dict[str, Any]:
    definition = request.get("EventDestination") or {}
    if not definition.get("MatchingEventTypes"):
        raise make_bad_request("EventDestination.MatchingEventTypes must not be empty")
    return {"Enabled": False, **definition, "Name": name}
