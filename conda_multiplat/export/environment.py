"""A pinned ``environment.yml`` (CEP 24) for one platform, for a conda without the plugin.

Each package is pinned as ``name=version=build``. conda also searches the channels of its own
configuration, which may have the same version and build, and nothing in the file can prevent that:
``nodefaults`` does so for conda up to 26.5, but 26.7 takes it for a channel, which does not exist.
So each pin states its channel:

- ``channel::name=version=build`` for a channel with a name;
- ``name=version=build[md5=...]`` for a URL or a path. conda parses ``URL::`` too, but ``conda env
  create`` shortens it to the URL's last part, and then looks for a channel of that name below
  ``channel_alias``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import yaml

from conda_multiplat.export import requirements
from conda_multiplat.export.explicit import platform_to_render
from conda_multiplat.lockfile.model import LockFile, PlatformLock
from conda_multiplat.lockfile.write import scalar
from conda_multiplat.vocabulary.channels import OF_DEFAULTS, base_url
from conda_multiplat.vocabulary.file_names import rendered_name
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT
from conda_multiplat.vocabulary.records import CondaRecord

_HEADER = """\
# This file may be used to create an environment using:
# $ conda env create{option} --file {file}
# platform: {subdir}
{environment}\
# Versions and builds are pinned. An environment.yml cannot carry hashes;
# {explicit} does.
"""

#: Matches pins that every YAML reader takes for text, although `scalar` would quote some.
_PIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.+!/-]|::|=)*")

_CHANNEL_NAME = re.compile(r"[A-Za-z0-9_][^:\\]*")  # unlike URLs and paths


def render(
    lock: LockFile,
    subdir: str,
    name: str | None,
    variables: Mapping[str, str],
    options: Sequence[str] = (),
) -> str:
    """Return the file's text, with LF line endings.

    Args:
        lock: the lock.
        subdir: the platform of the file.
        name: the environment's name for ``conda env create``; ``None`` writes none.
        variables: the environment variables to set on activation.
        options: the options under the manifest's ``pip:`` that say where packages come from.

    Raises:
        UsageError: the platform is not locked.
    """
    locked = platform_to_render(lock, subdir)
    channels = [channel.url for channel in lock.channels if channel.url != "nodefaults"]
    pins = _pins(sorted(locked.records, key=lambda record: record.name), channels)
    lines = [
        *([f"name: {scalar(name)}"] if name is not None else []),
        *_section("channels", [scalar(channel) for channel in channels]),
        *_section("dependencies", [_dependency(pin) for pin in pins]),
        *_pip(locked, options),
        *_variables(variables),
    ]
    return _header(lock.environment, subdir, named=name is not None) + "\n".join(lines) + "\n"


def _header(environment: str, subdir: str, *, named: bool) -> str:
    default = environment == DEFAULT_ENVIRONMENT
    return _HEADER.format(
        option="" if named else " --name NAME",
        file=rendered_name("environment", environment, subdir),
        subdir=subdir,
        environment="" if default else f"# environment: {environment}\n",
        explicit=rendered_name("explicit", environment, subdir),
    )


def _section(key: str, items: Sequence[str]) -> list[str]:
    return [f"{key}:", *(f"- {item}" for item in items)] if items else [f"{key}: []"]


def _pip(locked: PlatformLock, options: Sequence[str]) -> list[str]:
    """Return the list of PyPI packages, after the options that say where they come from."""
    entries = [*options, *(requirements.line(package) for package in locked.pypi)]
    return ["- pip:", *(f"  - {scalar(entry)}" for entry in entries)] if locked.pypi else []


def _dependency(pin: str) -> str:
    return pin if _PIN.fullmatch(pin) else scalar(pin)


def _variables(variables: Mapping[str, str]) -> list[str]:
    lines = [f"  {scalar(key)}: {_quoted(value)}" for key, value in sorted(variables.items())]
    return ["variables:", *lines] if lines else []


def _quoted(value: str) -> str:
    """Quote a text for one line of YAML, with line ends and control characters escaped."""
    return str(yaml.safe_dump(value, default_style='"', width=1 << 30)).rstrip("\n")


def _pins(records: Sequence[CondaRecord], channels: Sequence[str]) -> list[str]:
    sources = {base_url(record.url) for record in records}
    names = {url: _name(url, _listed(url, channels)) for url in sources}
    return [_pin(record, names[base_url(record.url)]) for record in records]


def _pin(record: CondaRecord, channel: str) -> str:
    pin = f"{record.name}={record.version}={record.build}"
    if channel:
        return f"{channel}::{pin}"
    if record.md5:
        return f"{pin}[md5={record.md5.lower()}]"
    return f"{pin}[sha256={record.sha256.lower()}]" if record.sha256 else pin


def _listed(url: str, channels: Sequence[str]) -> str:
    """Return the listed channel that is at ``url``; ``""`` if it is unknown.

    A name's URL is a location (conda's alias, a mirror) and the name. If the URL ends with several
    of the names, the longest is the right one.
    """
    if same := [channel for channel in channels if channel.rstrip("/") == url]:
        return same[0]
    if "defaults" in channels and re.fullmatch(OF_DEFAULTS, url):
        return "defaults"
    return max((name for name in channels if url.endswith(f"/{name}")), key=len, default="")


def _name(url: str, listed: str) -> str:
    """Return what can precede ``::`` for the channel at ``url``; ``""`` if nothing can."""
    if listed == "defaults" and (match := re.fullmatch(OF_DEFAULTS, url)):
        return match.group(1)
    return listed if _CHANNEL_NAME.fullmatch(listed) else ""
