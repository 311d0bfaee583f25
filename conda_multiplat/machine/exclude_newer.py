"""conda's settings for what is too new: ``exclude_newer``, also of packages and channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from conda_multiplat.vocabulary.exclude_newer import NEVER


class CondasExcludeNewer(NamedTuple):
    """conda's settings for what is too new (conda 26.9); empty if there are none.

    Attributes:
        everything: ``exclude_newer``.
        packages: ``exclude_newer_package``; ``false`` for those without a limit.
        channels: ``exclude_newer`` of ``channel_settings``; the last one if a channel has several.
    """

    everything: str = ""
    packages: tuple[tuple[str, str], ...] = ()
    channels: tuple[tuple[str, str], ...] = ()


def exclude_newer_of(
    everything: object, packages: Mapping[str, Any], channel_settings: Iterable[Mapping[str, Any]]
) -> CondasExcludeNewer:
    """Return the settings from configured values; ``null`` and ``true`` set nothing."""
    channels: list[tuple[str, str]] = []
    for setting in channel_settings:
        value = setting.get("exclude_newer", setting.get("exclude-newer"))
        if setting.get("channel") and value is not None and value is not True:
            channels.append((str(setting["channel"]).strip(), str(value).strip()))
    configured = ((str(name), value) for name, value in packages.items())
    return CondasExcludeNewer(
        "" if everything is None else str(everything).strip(),
        tuple(
            (n, str(v).strip() or NEVER) for n, v in configured if v is not None and v is not True
        ),
        tuple((name, text) for name, text in channels if text),
    )
