"""Channels: from the name in a manifest to URLs, and the secrets in them to nowhere.

A channel is named in five ways: a name (``conda-forge``, looked up as conda does), a URL, a
``file://`` URL, a local path, and the name of a group (``defaults``). URLs can carry credentials,
as ``user:password@`` or ``/t/TOKEN/``. They are used for fetching only: everything that is
written or shown has the public form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

_SCHEME = re.compile(r"^[a-z][a-z0-9+]*://", re.IGNORECASE)
_TOKEN = re.compile(r"/t/([A-Za-z0-9_%.~${}-]+)(?=/|$)")
_USERINFO = re.compile(r"(?<=://)[^/\s]*@")
_LOCAL = ("/", "./", "../", ".\\", "..\\", "~")
_ENVIRONMENT_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")


@dataclass(frozen=True)
class ChannelConfig:
    """What conda's configuration says of channels; the fields have its keys' names."""

    channel_alias: str = ""
    custom_channels: Mapping[str, str] = field(default_factory=dict)
    custom_multichannels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    default_channels: Sequence[str] = ()


def public_name(name: str) -> str:
    """A channel's name or URL without credentials."""
    return _TOKEN.sub("", _USERINFO.sub("", name))


def without_login(url: str) -> str:
    """``url`` without ``user:password@``; a token in its path stays."""
    return _USERINFO.sub("", url)


def secrets(urls: Iterable[str]) -> set[str]:
    """The credentials in some URLs: what may never be written or shown."""
    found: set[str] = set()
    for url in urls:
        found |= set(_TOKEN.findall(url)) if _SCHEME.match(url) else set()
        found |= {match.group().rstrip("@") for match in _USERINFO.finditer(url)}
    return found | {part for each in found for part in each.split(":")[1:] if part}


def scrub(text: str, known: Iterable[str] = ()) -> str:
    """``text`` with every credential, known or recognisable, replaced by ``***``."""
    for secret in sorted(known, key=len, reverse=True):
        text = text.replace(secret, "***")
    return _TOKEN.sub("/t/***", _USERINFO.sub("***@", text))


def environment_variables(name: str) -> list[str]:
    """The environment variables that a channel as written in a manifest refers to."""
    return _ENVIRONMENT_VARIABLE.findall(name)


def expand(name: str, environ: Mapping[str, str]) -> str:
    """``name`` with ``$VAR`` and ``${VAR}`` replaced; what is not set stays as it is."""
    return _ENVIRONMENT_VARIABLE.sub(lambda m: environ.get(m.group(1), m.group()), name)


def channel_urls(name: str, config: ChannelConfig, base: Path) -> list[str]:
    """The base URLs of a channel, credentials included, no trailing slash.

    Args:
        name: as written in the manifest or the configuration.
        config: conda's channel keys.
        base: the folder that a relative path starts from.
    """
    name = name.rstrip("/") or name
    if _SCHEME.match(name):
        return [name]
    if name in (".", "..") or name.startswith(_LOCAL) or re.match(r"^[A-Za-z]:[\\/]", name):
        return [(base / Path(name).expanduser()).resolve().as_uri()]
    if name == "defaults" and config.default_channels:
        return [url for each in config.default_channels for url in channel_urls(each, config, base)]
    if members := config.custom_multichannels.get(name):
        return [url for each in members if each != name for url in channel_urls(each, config, base)]
    return [f"{_location(name, config)}/{quote(name, safe='/:@')}"]


def _location(name: str, config: ChannelConfig) -> str:
    """The URL under which a plain name is found: the longest custom channel that begins it."""
    parts = name.split("/")
    for count in range(len(parts), 0, -1):
        if location := config.custom_channels.get("/".join(parts[:count])):
            return location.rstrip("/")
    alias = config.channel_alias.rstrip("/")
    return alias if _SCHEME.match(alias) else f"https://{alias}"


def base_url(package_url: str) -> str:
    """The channel that a package's URL is in: ``CHANNEL/subdir/file`` -> ``CHANNEL``."""
    parts = urlsplit(package_url)
    return urlunsplit(parts._replace(path=parts.path.rsplit("/", 2)[0], fragment=""))
