"""Which channels conda's configuration allows: ``allowlist_channels`` and ``denylist_channels``.

The rules are conda's: channels are compared by their base URLs, without credentials and platform. A
channel on both lists is denied. An empty ``allowlist_channels`` allows all channels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from conda_multiplat.vocabulary.channels import (
    ChannelConfig,
    alias_url,
    channel_urls,
    public_name,
    without_login,
)
from conda_multiplat.vocabulary.errors import ChannelRefusedError
from conda_multiplat.vocabulary.names import SUBDIRS

_SUBDIR = re.compile(rf"/(?:{'|'.join((*SUBDIRS, 'noarch'))})/?$", re.IGNORECASE)
#: conda's message for a channel that one of the lists refuses.
_WORDS = {
    "denylist_channels": "Channel included in denylist",
    "allowlist_channels": "Channel not included in allowlist",
}


class Refusal(NamedTuple):
    """A channel that may not be used, and the configuration key that forbids it."""

    key: str
    name: str
    url: str


def require_allowed(urls: Iterable[str], config: ChannelConfig, base: Path) -> None:
    """Refuse channels that may not be used, with one error for all of them.

    Args:
        urls: the base URLs of channels that are to be used.
        config: conda's channel keys.
        base: the folder that a relative path in a list starts from.

    Raises:
        ChannelRefusedError: a channel may not be used; the message is conda's.
    """
    if not (config.allowlist_channels or config.denylist_channels):
        return
    if refused := refusals(urls, config, base):
        keys = list(dict.fromkeys(refusal.key for refusal in refused))
        first, *others = ([refusal for refusal in refused if refusal.key == key] for key in keys)
        raise ChannelRefusedError(
            f"{_WORDS[keys[0]]}:",
            details=[
                *_lines(first),
                *(
                    line
                    for group in others
                    for line in (f"{_WORDS[group[0].key]}:", *_lines(group))
                ),
            ],
            hints=[f"`{key}` in conda's configuration says so" for key in keys],
        )


def _lines(refused: Iterable[Refusal]) -> list[str]:
    return [
        line
        for refusal in refused
        for line in (f"channel name: {refusal.name}", f"channel url: {unquote(refusal.url)}")
    ]


def refusals(urls: Iterable[str], config: ChannelConfig, base: Path) -> list[Refusal]:
    """Return the channels among ``urls`` that may not be used."""
    allowed, denied = (
        {_comparable(url) for name in names for url in _urls(name, config, base)}
        for names in (config.allowlist_channels, config.denylist_channels)
    )
    refused = []
    for url in dict.fromkeys(map(_without_subdir, map(public_name, urls))):
        compared = _comparable(url)
        if compared in denied:
            refused.append(Refusal("denylist_channels", channel_name(url, config), url))
        elif allowed and compared not in allowed:
            refused.append(Refusal("allowlist_channels", channel_name(url, config), url))
    return refused


def _urls(name: str, config: ChannelConfig, base: Path) -> list[str]:
    """Return the base URLs of an entry; for a group, those on Windows, which include all others."""
    return channel_urls(_without_subdir(name), config, base, "win-64")


def _without_subdir(url: str) -> str:
    return _SUBDIR.sub("", url)


def _comparable(url: str) -> str:
    parts = urlsplit(_without_subdir(public_name(url)))
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{unquote(parts.path).rstrip('/')}"


def channel_name(url: str, config: ChannelConfig) -> str:
    """Return conda's name for the channel at a public URL."""
    locations = {**config.locations, "": alias_url(config)}
    places = [
        (without_login(public_name(place)).rstrip("/"), name) for name, place in locations.items()
    ]
    for place, name in sorted(places, key=lambda pair: len(pair[1]), reverse=True):
        if f"{url}/".startswith(f"{place}/{name}/" if name else f"{place}/"):
            return unquote(url.removeprefix(f"{place}/"))
    parts = urlsplit(url)
    path = unquote(parts.path).strip("/")
    return path.removeprefix("conda/") if parts.netloc else path.rpartition("/")[2]
