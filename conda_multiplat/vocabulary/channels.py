"""Channels: from the name in a manifest to URLs, without leaking the secrets in them.

A channel is given as a name (``conda-forge``, looked up as conda does), a URL, a ``file://`` URL, a
local path, or the name of a group (``defaults``). URLs can carry credentials,
as ``user:password@`` or ``/t/TOKEN/``. They are used for fetching only: everything that is
written or shown has the public form.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from conda_multiplat.vocabulary.names import SUBDIRS

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+]*://")
#: For URLs other than ``file://``, since any folder can be called ``t``.
_TOKEN = re.compile(r"(?<!file://)(?<=://)([^/\s]*(?:/[^/\s]+)*?)/t/([^/\s?#]+)(?=[/\s]|$)")
#: A user name alone counts as a secret only if it is too long to occur in ordinary words.
_SHORTEST = 4
#: ``git@`` is the user of every repository that is reached by SSH: not a secret.
_USERINFO = re.compile(r"(?<=://)(?!(?<=ssh://)git@)[^/\s]*@")
_LOGIN = re.compile(r"(?<=://)(?!git@)[^/\s]*@")
#: The channel in a MatchSpec: in brackets, which take precedence, or before its name.
_IN_BRACKETS = r"""\[(?:.*,)?\s*channel\s*=\s*['"]?([^'",\]]+)"""
_BEFORE_NAME = r"^\s*([^\s\[]+?)::"
_LOCAL = ("/", "./", "../", ".\\", "..\\", "~")
#: The URLs of the members of conda's own group, ``defaults``.
OF_DEFAULTS = r"https?://[^/]+/(pkgs/[a-z0-9]+)"
#: How the order of the channels decides which packages count (conda's ``channel_priority``).
CHANNEL_PRIORITIES = ("strict", "flexible", "disabled")
_ENVIRONMENT_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")


class ChannelConfig(NamedTuple):
    """conda's configuration of channels; the fields have the names of its keys.

    ``default_channels_win`` are the ``default_channels`` for Windows. conda's own differ from those
    of other systems; configured ones are the same everywhere.
    """

    channel_alias: str = ""
    custom_channels: Mapping[str, str] = MappingProxyType({})
    custom_multichannels: Mapping[str, Sequence[str]] = MappingProxyType({})
    default_channels: Sequence[str] = ()
    default_channels_win: Sequence[str] = ()
    allowlist_channels: Sequence[str] = ()
    denylist_channels: Sequence[str] = ()

    def defaults(self, subdir: str) -> Sequence[str]:
        """Return the members of ``defaults`` for a platform, whatever system we run on."""
        return (subdir.startswith("win-") and self.default_channels_win) or self.default_channels

    @property
    def locations(self) -> dict[str, str]:
        """Name -> URL of channels outside ``channel_alias``: members of groups, custom channels.

        conda knows a group's member by the path of its URL, ``pkgs/main``, wherever it is named.
        """
        groups = (*self.custom_multichannels.values(), self.defaults("win-64"))
        urls = [url.rstrip("/") for group in groups for url in group if _SCHEME.match(url)]
        names = {url: urlsplit(public_name(url)).path.strip("/") for url in urls}
        members = {name: url.removesuffix(f"/{name}") for url, name in names.items() if name}
        return {**members, **self.custom_channels}


def public_name(name: str) -> str:
    """Return a channel's name or URL without credentials."""
    if "@" not in name and "/t/" not in name:  # nearly always, so skip the regexes
        return name
    return _TOKEN.sub(r"\1", _USERINFO.sub("", name))


def without_login(url: str) -> str:
    """Return ``url`` without ``user:password@``; a token in its path is kept."""
    return _USERINFO.sub("", url)


def secrets(urls: Iterable[str]) -> set[str]:
    """Return the credentials in URLs, which must never be written or shown."""
    credentials: set[str] = set()
    for url in urls:
        credentials |= {match.group(2) for match in _TOKEN.finditer(url)}
        for match in _USERINFO.finditer(url):
            login = match.group()[:-1]
            _, _, password = login.partition(":")
            alone = set() if len(login) < _SHORTEST or ":" in login else {login}
            credentials |= {login, password} if password else alone
    return {secret for secret in credentials if not _ENVIRONMENT_VARIABLE.fullmatch(secret)}


def without_secrets(text: str) -> str:
    """Return ``text`` without the logins and tokens of its URLs, except names of variables."""
    text = _LOGIN.sub(lambda m: m.group() if _named_only(m.group()[:-1]) else "", text)
    return _TOKEN.sub(lambda m: m.group() if _named_only(m[2]) else m[1], text)


def scrub(text: str, known: Iterable[str] = ()) -> str:
    """Return ``text`` with every known or recognisable credential replaced by ``***``.

    Names of environment variables, ``$USER:$PASSWORD@``, are not secrets.
    """
    for secret in sorted(known, key=len, reverse=True):
        text = text.replace(secret, "***")
    text = _LOGIN.sub(lambda m: m.group() if _named_only(m.group()[:-1]) else "***@", text)
    return _TOKEN.sub(lambda m: m.group() if _named_only(m[2]) else f"{m[1]}/t/***", text)


def _named_only(secret: str) -> bool:
    """Return whether a login or a token consists only of names of variables."""
    return all(_ENVIRONMENT_VARIABLE.fullmatch(part) for part in secret.split(":"))


def spec_channel(spec: str) -> str:
    """Return the channel that a MatchSpec names, without its platform; ``""`` if it names none.

    ``match_spec`` reads it too, but importing that takes longer than the rest of ``check``.
    """
    match = re.search(_IN_BRACKETS, spec) if "[" in spec else None
    match = match or (re.search(_BEFORE_NAME, spec) if "::" in spec else None)
    channel = match[1].strip().rstrip("/") if match else ""
    bare, _, subdir = channel.rpartition("/")
    return bare if subdir in (*SUBDIRS, "noarch") else channel


def file_of(url: str) -> str:
    """Return the file name of a URL or path."""
    return unquote(urlsplit(url).path).rpartition("/")[2]


def environment_variables(name: str) -> list[str]:
    """Return the environment variables that a channel refers to, as written in a manifest."""
    return _ENVIRONMENT_VARIABLE.findall(name)


def expand(name: str, environ: Mapping[str, str], named: Collection[str]) -> str:
    """Replace ``$VAR`` and ``${VAR}`` in ``name``; variables that are not set are kept.

    Args:
        name: the channel, as written in a manifest.
        environ: environment variables.
        named: the names of the variables that may be used.
    """
    return _ENVIRONMENT_VARIABLE.sub(
        lambda m: environ.get(m[1], m[0]) if m[1] in named else m[0], name
    )


def is_local_path(name: str) -> bool:
    """Return whether a channel is the path of a folder on this machine."""
    return (
        name in (".", "..")
        or name.startswith(_LOCAL)
        or re.match(r"^[A-Za-z]:[\\/]", name) is not None
    )


def channel_urls(name: str, config: ChannelConfig, base: Path, subdir: str = "") -> list[str]:
    """Return the base URLs of a channel, with credentials, without a trailing slash.

    Args:
        name: as written in the manifest or the configuration.
        config: conda's channel keys.
        base: the folder that a relative path starts from.
        subdir: the platform to solve or install for.
    """
    name = name.rstrip("/") or name
    if _SCHEME.match(name):
        return [name]
    if is_local_path(name):
        return [(base / Path(name).expanduser()).resolve().as_uri()]
    default = config.defaults(subdir) if name == "defaults" else ()
    if members := default or config.custom_multichannels.get(name, ()):
        return _members(name, members, config, base, subdir)
    return [f"{_location(name, config)}/{quote(name, safe='/:@')}"]


def _members(
    name: str, members: Sequence[str], config: ChannelConfig, base: Path, subdir: str
) -> list[str]:
    """Return the URLs of a group's members; a member with the group's name is a plain channel."""
    others = {k: v for k, v in config.custom_multichannels.items() if k != name}
    inner = config._replace(custom_multichannels=others)
    if name == "defaults":
        inner = inner._replace(default_channels=(), default_channels_win=())
    return [
        url
        for member in members
        if member != name
        for url in channel_urls(member, inner, base, subdir)
    ]


def _location(name: str, config: ChannelConfig) -> str:
    """Return the URL of a plain name, from the longest known channel that is a prefix of it."""
    locations = config.locations
    parts = name.split("/")
    for count in range(len(parts), 0, -1):
        if location := locations.get("/".join(parts[:count])):
            return location.rstrip("/")
    return alias_url(config)


def alias_url(config: ChannelConfig) -> str:
    """Return the base URL of channels that are not configured otherwise."""
    alias = config.channel_alias.rstrip("/")
    return alias if _SCHEME.match(alias) else f"https://{alias}"


def base_url(package_url: str) -> str:
    """Return the channel of a package's URL: ``CHANNEL/subdir/file`` -> ``CHANNEL``."""
    parts = urlsplit(package_url)
    return urlunsplit(parts._replace(path=parts.path.rsplit("/", 2)[0], fragment=""))
