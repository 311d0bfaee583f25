"""Check that each locked conda package comes from a requested channel, under its own name.

Anybody can edit a lock, and its digests are not signatures: without this check, a record whose URL
leads elsewhere would be downloaded from there, and its hash would match.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from conda_multiplat.lockfile.places import Place, Places
from conda_multiplat.vocabulary.channels import (
    ChannelConfig,
    base_url,
    channel_urls,
    is_local_path,
    public_name,
)
from conda_multiplat.vocabulary.names import SUBDIRS

_PLATFORMS = (*SUBDIRS, "noarch")
_ARCHIVES = (".conda", ".tar.bz2")
_VARIABLE = re.compile(r"\\\$(?:\\\{)?[A-Za-z_][A-Za-z0-9_]*(?:\\\})?")
#: What a package's URL never has: encoded separators, steps upwards, queries, white space.
_DISGUISED = re.compile(r"%(?:2f|5c|2e|00)|\\|/\.\.?(?:/|$)|[?#\s]", re.IGNORECASE)
_NONE: Mapping[str, str] = {}
#: The maximum number of packages from one place to name.
_NAMED = 3


def strays(
    places: Places,
    channels: Sequence[str],
    configs: Sequence[ChannelConfig],
    folder: Path,
    subdir: str,
    *,
    variables: Mapping[str, str] = _NONE,
    anywhere: bool = True,
) -> list[str]:
    """Return what is wrong with the origin of packages, a line for each package or place.

    Args:
        places: the places of a platform's conda packages.
        channels: the channels as the manifest writes them.
        configs: what channel names mean: the machine's configuration, and conda's default.
        folder: the manifest's folder.
        subdir: the platform.
        variables: the values of environment variables, for server names that contain one.
        anywhere: whether a channel that is a relative path may be in another folder, as on the
            machine that locked; not if packages are fetched from it.
    """
    by_channel = {channel: list(names) for channel, names in places.own.items()}
    lines = []
    for package in places.others:
        if not _is_of(package, subdir):
            named = f"{package.name} {package.version}"
            lines.append(f"{named}: its URL does not match the package: {package.url}")
        by_channel.setdefault(base_url(package.url), []).append(package.name)
    patterns = [
        pattern
        for name in channels
        for pattern in _patterns(name, configs, folder, subdir, variables, anywhere=anywhere)
    ]
    for channel, names in by_channel.items():
        known = any(pattern.fullmatch(_plain(channel)) for pattern in patterns)
        if not known or _DISGUISED.search(channel):
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            lines.append(
                f"{', '.join(sorted(names)[:_NAMED])}{more}: from {channel}, "
                "which is not a channel of the manifest"
            )
    return lines


def _is_of(package: Place, subdir: str) -> bool:
    """Return whether a URL ends with the package's own ``subdir/name-version-build``."""
    if _DISGUISED.search(package.url):
        return False
    *_, folder, file = f"/{unquote(urlsplit(package.url).path)}".rsplit("/", 2)
    stem = next((file.removesuffix(end) for end in _ARCHIVES if file.endswith(end)), "")
    *named, build = stem.rsplit("-", 2)
    return (
        named == [package.name, package.version]
        and package.build in ("", build)
        and folder in (subdir, "noarch")
    )


def _patterns(
    name: str,
    configs: Sequence[ChannelConfig],
    folder: Path,
    subdir: str,
    variables: Mapping[str, str],
    *,
    anywhere: bool,
) -> Iterable[re.Pattern[str]]:
    """Yield patterns of the base URLs that a channel's name stands for.

    A variable in it matches anything; in the server's name, it matches its value if it has one.
    """
    if anywhere and is_local_path(name):  # the folder can be elsewhere on another machine
        tail = "/".join(part for part in Path(name).parts if part not in (".", "..", "~", "/"))
        if tail:
            yield re.compile(rf"file://(?:/.*)?/{re.escape(tail)}")
    urls = {url for config in configs for url in channel_urls(name, config, folder, subdir)}
    for url in urls:
        scheme, slashes, rest = re.escape(_plain(public_name(url))).partition("://")
        server, slash, path = rest.partition("/")
        server = _VARIABLE.sub(lambda match: _value(match, variables), server)
        yield re.compile(f"{scheme}{slashes}{server}{slash}{_VARIABLE.sub('[^/]+', path)}")


def _value(variable: re.Match[str], variables: Mapping[str, str]) -> str:
    name = re.sub(r"\W", "", variable[0])  # in lower case, like the whole server's name
    values = [value for key, value in variables.items() if key.lower() == name]
    return f"(?:{'|'.join(re.escape(value.lower()) for value in values)})" if values else "[^/]+"


def _plain(url: str) -> str:
    """Return a URL with its server's name in lower case."""
    parts = urlsplit(url.rstrip("/"))
    return parts._replace(netloc=parts.netloc.lower()).geturl()
