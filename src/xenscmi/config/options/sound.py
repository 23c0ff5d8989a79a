"""PV sound cards: a list of cards, each a list of `card`, `pcm` and `stream` items."""

from __future__ import annotations

from xenscmi.config.options.devices import number_of
from xenscmi.config.options.table import Build, custom, member
from xenscmi.config.options.text import Text
from xenscmi.config.types.enums import VsndPcmFormat, VsndStreamType
from xenscmi.xlcfg import ListValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NUMBERS = {"channels-min": "channels_min", "channels-max": "channels_max", "buffer-size": "buffer_size"}
_CARD_STRINGS = {"backend": "backend_domname", "short-name": "short_name", "long-name": "long_name"}
_PARAMS_HELP = f"sample-rates, sample-formats, {', '.join(_NUMBERS)}"


@custom("vsnd", "list of lists of strings", "vsnds", "PV sound cards.")
def _vsnd(build: Build) -> None:
    found = build.reader.list_value("vsnd")
    if found is None:
        return
    cards = []
    for index, card in enumerate(found.items):
        if not isinstance(card, ListValue):
            build.warn("value is not a list", card.span, "put the strings of a card in brackets")
            build.fail("Failed to get vsnd card list: Invalid argument", card.span, "each card is a list of strings")
        cards.append(_card(build, card, index))
        build.locate(f"vsnds[{index}]", card.span)
    build.set("vsnds", cards, found.span)


def _card(build: Build, items: ListValue, devid: int) -> dict[str, Any]:
    card: dict[str, Any] = {"devid": devid, "params": {}, "pcms": []}
    for item in items.leading_strings():
        tokens = [token.lstrip() for token in Text(item).tokens(",")]
        if tokens:
            _item(build, card, tokens[0], tokens[1:])
    return card


def _item(build: Build, card: dict[str, Any], key: Text, params: list[Text]) -> None:
    kind = key.text.lower()
    if kind not in ("card", "pcm", "stream"):
        build.fail(f"Invalid key: {key.text}", key.span, "write one of: card, pcm, stream")
    target = card
    if kind != "card":
        if kind == "pcm" or not card["pcms"]:
            card["pcms"].append({"params": {}, "streams": []})
        target = card["pcms"][-1]
    if kind == "stream":
        target["streams"].append({"params": {}})
        target = target["streams"][-1]
    for param in params:
        if not _params(build, target["params"], param):
            _own(build, kind, target, param)


def _own(build: Build, kind: str, target: dict[str, Any], param: Text) -> None:
    """Read a parameter that only a card, only a pcm or only a stream has."""
    parts = param.split("=")
    name = parts[0].text if parts else ""
    if parts and kind == "card" and name in _CARD_STRINGS:
        target[_CARD_STRINGS[name]] = parts[1].text
    elif parts and kind == "pcm" and name == "name":
        target["name"] = parts[1].text
    elif parts and kind == "stream" and name == "unique-id":
        target["unique_id"] = parts[1].text
    elif parts and kind == "stream" and name == "type":
        target["type"] = member(build, parts[1], VsndStreamType, "Invalid stream type: {}")
    else:
        own = {"card": ", ".join(_CARD_STRINGS), "pcm": "name", "stream": "unique-id, type"}[kind]
        build.fail(f"Invalid parameter: {param.text}", param.span, f"write one of: {own}, {_PARAMS_HELP}")


def _params(build: Build, params: dict[str, Any], param: Text) -> bool:
    """Read a parameter that cards, pcms and streams have in common; return whether it is one."""
    if (rates := param.option("sample-rates")) is not None:
        params["sample_rates"] = [number_of(rate.text) for rate in build.split(rates, ";")]
        return True
    if (formats := param.option("sample-formats")) is not None:
        message = "Invalid pcm format: {}"
        params["sample_formats"] = [member(build, one, VsndPcmFormat, message) for one in build.split(formats, ";")]
        return True
    for name, field in _NUMBERS.items():
        if (value := param.option(name)) is not None:
            params[field] = number_of(value.text)
            return True
    return False


OPTIONS = (_vsnd,)
