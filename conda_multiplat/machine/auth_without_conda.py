"""``channel_settings`` without conda: auth handlers are conda plugins, hence not available."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from conda_multiplat.vocabulary.channels import ChannelConfig, channel_urls, public_name

_log = logging.getLogger(__name__)


def no_handlers(channel_settings: Sequence[Any], config: ChannelConfig) -> Callable[[str], str]:
    """Return a function that warns once about each auth handler that a channel needs."""
    handlers = {
        str(entry["channel"]).rstrip("/"): str(entry["auth"])
        for entry in channel_settings
        if isinstance(entry, Mapping) and entry.get("auth") and entry.get("channel")
    }

    def authorize(url: str) -> str:
        for channel in [handler for handler in handlers if _is_meant(handler, url, config)]:
            _log.warning(
                "warning: channel_settings: the auth handler %s of %s can't be used without conda; "
                "`conda multiplat` uses it",
                handlers.pop(channel),
                public_name(channel),
            )
        return ""

    return authorize


def _is_meant(channel: str, url: str, config: ChannelConfig) -> bool:
    """Return whether an entry (a name, or a URL with or without ``*``) matches a channel's URL."""
    if "://" not in channel:
        return url in channel_urls(channel, config, Path.cwd())
    return url == channel or fnmatch(url, channel) or fnmatch(f"{url}/", channel)
