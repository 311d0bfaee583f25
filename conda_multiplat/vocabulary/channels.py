"""Channels: from the name in a manifest to URLs, and the secrets in them to nowhere.

A channel is named in five ways: a name (``conda-forge``, looked up as conda does), a URL, a
``file://`` URL, a local path, and the name of a group (``defaults``). URLs can carry credentials,
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
#: In URLs only, and not in those of files: any folder can be called ``t``.
_TOKEN = re.compile(r"(?<!file://)(?<=://)([^/\s]*(?:/[^/\s]+)*?)/t/([^/\s?#]+)(?=[/\s]|$)")
#: A user's name alone is taken for a secret only if it can't be found in many words.
_SHORTEST = 4
#: ``git@`` is how everybody logs in to a repository by SSH: no secret, and a part of its address.
_USERINFO = re.compile(r"(?<=://)(?!(?<=ssh://)git@)[^/\s]*@")
_LOGIN = re.compile(r"(?<=://)(?!git@)[^/\s]*@")
#: The channel in a MatchSpec, before its name or in brackets.
_OF_SPEC = r"""^\s*([^\s\[]+?)::|\[(?:.*,)?\s*channel\s*=\s*['"]?([^'",\]]+)"""
_LOCAL = ("/", "./", "../", ".\\", "..\\", "~")
#: The URLs of the members of conda's own group, ``defaults``.
OF_DEFAULTS = re.compile(r"https?://[^/]+/(pkgs/[a-z0-9]+)")
#: Which channel's packages count, of several (conda's ``channel_priority``).
CHANNEL_PRIORITIES = ("strict", "flexible", "disabled")
_ENVIRONMENT_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")


class ChannelConfig(NamedTuple):
    """What conda's configuration says of channels; the fields have its keys' names.

    ``default_channels_win`` is what ``default_channels`` is for Windows, where that differs: of
    conda's own channels it does, of configured ones it does not.
    """

    channel_alias: str = ""
    custom_channels: Mapping[str, str] = MappingProxyType({})
    custom_multichannels: Mapping[str, Sequence[str]] = MappingProxyType({})
    default_channels: Sequence[str] = ()
    default_channels_win: Sequence[str] = ()
    allowlist_channels: Sequence[str] = ()
    denylist_channels: Sequence[str] = ()

    def defaults(self, subdir: str) -> Sequence[str]:
        """The members of ``defaults`` for a platform: by where it is for, not who asks."""
        return (subdir.startswith("win-") and self.default_channels_win) or self.default_channels

    @property
    def locations(self) -> dict[str, str]:
        """Where the channels are that have places of their own: those of groups, and custom ones.

        conda knows a group's member by the path of its URL, ``pkgs/main``, wherever it is named.
        """
        groups = (*self.custom_multichannels.values(), self.defaults("win-64"))
        urls = [url.rstrip("/") for group in groups for url in group if _SCHEME.match(url)]
        names = {url: urlsplit(public_name(url)).path.strip("/") for url in urls}
        members = {name: url.removesuffix(f"/{name}") for url, name in names.items() if name}
        return {**members, **self.custom_channels}


def public_name(name: str) -> str:
    """A channel's name or URL without credentials."""
    if "@" not in name and "/t/" not in name:  # nearly every one, and there are many
        return name
    return _TOKEN.sub(r"\1", _USERINFO.sub("", name))


def without_login(url: str) -> str:
    """``url`` without ``user:password@``; a token in its path stays."""
    return _USERINFO.sub("", url)


def secrets(urls: Iterable[str]) -> set[str]:
    """The credentials in some URLs: what may never be written or shown."""
    known: set[str] = set()
    for url in urls:
        known |= {match.group(2) for match in _TOKEN.finditer(url)}
        for match in _USERINFO.finditer(url):
            login = match.group()[:-1]
            _, _, password = login.partition(":")
            alone = set() if len(login) < _SHORTEST or ":" in login else {login}
            known |= {login, password} if password else alone
    return {secret for secret in known if not _ENVIRONMENT_VARIABLE.fullmatch(secret)}


def without_secrets(text: str) -> str:
    """``text`` without the logins and tokens of its URLs; names of variables are none."""
    text = _LOGIN.sub(lambda m: m.group() if _named_only(m.group()[:-1]) else "", text)
    return _TOKEN.sub(lambda m: m.group() if _named_only(m[2]) else m[1], text)


def scrub(text: str, known: Iterable[str] = ()) -> str:
    """``text`` with every credential, known or recognisable, replaced by ``***``.

    Names of environment variables, ``$USER:$PASSWORD@``, are no secrets.
    """
    for secret in sorted(known, key=len, reverse=True):
        text = text.replace(secret, "***")
    text = _LOGIN.sub(lambda m: m.group() if _named_only(m.group()[:-1]) else "***@", text)
    return _TOKEN.sub(lambda m: m.group() if _named_only(m[2]) else f"{m[1]}/t/***", text)


def _named_only(secret: str) -> bool:
    """Whether a login or a token is given by the names of variables alone."""
    return all(_ENVIRONMENT_VARIABLE.fullmatch(part) for part in secret.split(":"))


def spec_channel(spec: str) -> str:
    """The channel that a MatchSpec names, without a platform; ``""`` for none.

    ``match_spec`` reads it too, and takes longer to load than the rest of a check.
    """
    match = re.search(_OF_SPEC, spec) if "::" in spec or "[" in spec else None
    channel = (match[1] or match[2]).strip().rstrip("/") if match else ""
    bare, _, subdir = channel.rpartition("/")
    return bare if subdir in (*SUBDIRS, "noarch") else channel


def file_of(url: str) -> str:
    """The name of the file at a URL or path."""
    return unquote(urlsplit(url).path).rpartition("/")[2]


def environment_variables(name: str) -> list[str]:
    """The environment variables that a channel as written in a manifest refers to."""
    return _ENVIRONMENT_VARIABLE.findall(name)


def expand(name: str, environ: Mapping[str, str], named: Collection[str]) -> str:
    """``name`` with ``$VAR`` and ``${VAR}`` replaced; what is not set stays as it is.

    Args:
        name: of a channel.
        environ: the environment.
        named: the variables that may be used.
    """
    return _ENVIRONMENT_VARIABLE.sub(
        lambda m: environ.get(m[1], m[0]) if m[1] in named else m[0], name
    )


def is_local_path(name: str) -> bool:
    """Whether a channel is a folder of this machine, given by its path."""
    return (
        name in (".", "..")
        or name.startswith(_LOCAL)
        or re.match(r"^[A-Za-z]:[\\/]", name) is not None
    )


def channel_urls(name: str, config: ChannelConfig, base: Path, subdir: str = "") -> list[str]:
    """The base URLs of a channel, credentials included, no trailing slash.

    Args:
        name: as written in the manifest or the configuration.
        config: conda's channel keys.
        base: the folder that a relative path starts from.
        subdir: the platform that it is asked for.
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
    """The URLs of a group's members; within a group its own name is a plain one."""
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
    """The URL under which a plain name is found: the longest known channel that begins it."""
    known = config.locations
    parts = name.split("/")
    for count in range(len(parts), 0, -1):
        if location := known.get("/".join(parts[:count])):
            return location.rstrip("/")
    return alias_url(config)


def alias_url(config: ChannelConfig) -> str:
    """Where a name is that nothing more is said of."""
    alias = config.channel_alias.rstrip("/")
    return alias if _SCHEME.match(alias) else f"https://{alias}"


def base_url(package_url: str) -> str:
    """The channel that a package's URL is in: ``CHANNEL/subdir/file`` -> ``CHANNEL``."""
    parts = urlsplit(package_url)
    return urlunsplit(parts._replace(path=parts.path.rsplit("/", 2)[0], fragment=""))
