"""Convert pixi's requirements to MatchSpecs and entries of ``pip:``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conda_multiplat.importers.values import conda_meaning

#: Keys that make a conda requirement something other than a channel's package.
_SOURCES = ("path", "git", "url")
_BRACKETS = {"build-number": "build_number", "md5": "md5", "sha256": "sha256"}
_PLAIN_CHANNEL = re.compile(r"[^\s\[\]=<>!~]+")
#: For pixi, `~=1` is any version from 1 on; for conda it is invalid.
_AT_LEAST = re.compile(r"~=(\d+)(?![\w.*+!-])")


@dataclass(frozen=True)
class Translated:
    """A converted requirement.

    Attributes:
        entries: the lines; empty if it can't be expressed.
        lost: what could not be converted, and what to do, as (what, instead).
    """

    entries: tuple[str, ...] = ()
    lost: tuple[tuple[str, str], ...] = ()


def conda_spec(name: str, value: Any, pool: Mapping[str, Any]) -> Translated:
    """Convert a value of ``[dependencies]`` to a MatchSpec.

    Args:
        name: the package.
        value: a version, or a table of a MatchSpec's parts.
        pool: ``[workspace.dependencies]``, for ``{ workspace = true }``.
    """
    if isinstance(value, Mapping) and value.get("workspace") is True:
        inherited = pool.get(name, "*")
        table = inherited if isinstance(inherited, Mapping) else {"version": inherited}
        value = {**table, **{k: v for k, v in value.items() if k != "workspace"}}
    if not isinstance(value, Mapping):
        return _of_channel(name, {"version": value})
    source = next((source for source in _SOURCES if source in value), "")
    if source:
        why = f"{name}: a package from {source} = {value[source]!r}"
        hint = "build it into a channel, or list it under pip: if it is a Python project"
        return Translated((), ((why, hint),))
    return _of_channel(name, value)


def _of_channel(name: str, table: Mapping[str, Any]) -> Translated:
    supported_keys = ("version", "channel", "build", *_BRACKETS)
    lost = [
        (f"{name}: {key} = {value!r}", "")
        for key, value in table.items()
        if key not in supported_keys
    ]
    return Translated((_match_spec(name, table),), tuple(lost))


def _match_spec(name: str, table: Mapping[str, Any]) -> str:
    """Return the spec without brackets if conda reads that correctly, else with brackets."""
    version = _AT_LEAST.sub(r">=\1", str(table.get("version", "*")).replace(" ", ""))
    version = "" if version == "*" else version
    build, channel = str(table.get("build", "")), str(table.get("channel", "")).rstrip("/")
    before = f"{channel}::" if channel and _PLAIN_CHANNEL.fullmatch(channel) else ""
    inner = {"version": version or "*" * bool(build), "build": build}
    inner |= {_BRACKETS[key]: str(table[key]) for key in _BRACKETS if key in table}
    bracketed = ",".join(f"{key}='{text}'" for key, text in inner.items() if text)
    exact = f"{before}{name}[{bracketed}]" if bracketed else f"{before}{name}"
    if any(key in table for key in _BRACKETS):
        return exact
    words = f"{name}=*={build}" if build and not version else f"{name} {version} {build}".strip()
    words = f"{before}{words}"
    unreadable = conda_meaning(exact) == exact  # then the error is about the plain form
    return words if unreadable or conda_meaning(words) == conda_meaning(exact) else exact


def pypi_entries(name: str, value: Any, *, has_source: bool = False) -> Translated:
    """Convert a value of ``[pypi-dependencies]`` to entries of ``pip:``.

    ``has_source`` says that its index is in ``sources`` and needs no line of ``pip:``.
    """
    if not isinstance(value, Mapping):
        return Translated((f"{name}{_pypi_version(str(value))}",))
    extras = f"[{','.join(map(str, value['extras']))}]" if value.get("extras") else ""
    marker = f"; {value['env-markers']}" if value.get("env-markers") else ""
    supported_keys: tuple[str, ...] = ("extras", "env-markers")
    if "git" in value:
        supported_keys += ("git", "branch", "tag", "rev", "subdirectory")
        entries = [f"{name}{extras} @ {_git(value)}{' ' * bool(marker)}{marker}"]
    elif "url" in value:
        supported_keys += ("url", "subdirectory")
        entries = [f"{name}{extras} @ {value['url']}{_fragment(value)}{' ' * bool(marker)}{marker}"]
    elif "path" in value:
        supported_keys += ("path", "editable")
        editable = "-e " if value.get("editable") else ""
        entries = [f"{editable}{_local(str(value['path']))}{extras}"]
        supported_keys = tuple(key for key in supported_keys if key != "env-markers")
    else:
        supported_keys += ("version", "index")
        entries = [f"{name}{extras}{_pypi_version(str(value.get('version', '*')))}{marker}"]
    lost = [
        (f"{name}: {key} = {entry!r}", "")
        for key, entry in value.items()
        if key not in supported_keys
    ]
    if (index := value.get("index")) and not has_source:
        entries.insert(0, f"--extra-index-url {index}")
        hint = (
            "with --extra-index-url it is used for every package; `sources` assigns one index to a "
            "package, in all environments"
        )
        lost.append((f"{name}: index = {index!r} for this package only", hint))
    return Translated(tuple(entries), tuple(lost))


def _pypi_version(version: str) -> str:
    version = version.strip()
    if version in ("*", ""):
        return ""
    return f" {version}" if version[0] in "=<>!~" else f" =={version}"


def _git(table: Mapping[str, Any]) -> str:
    url = str(table["git"])
    url = url if url.startswith("git+") else f"git+{url}"
    revision = next((str(table[key]) for key in ("rev", "tag", "branch") if key in table), "")
    return f"{url}{'@' * bool(revision)}{revision}{_fragment(table)}"


def _fragment(table: Mapping[str, Any]) -> str:
    folder = table.get("subdirectory")
    return f"#subdirectory={folder}" if folder else ""


def _local(path: str) -> str:
    """Return a path that pip recognises as one: ``./`` before a plain name."""
    return path if re.match(r"\.{1,2}($|[/\\])|[/~]|[A-Za-z]:", path) else f"./{path}"


def pypi_options(table: Mapping[str, Any]) -> Translated:
    """Convert ``[pypi-options]`` to entries of ``pip:``."""
    entries: list[str] = []
    lost: list[tuple[str, str]] = []
    for key, value in table.items():
        readable = _OPTIONS.get(key)
        if readable:
            entries += readable(value)
        elif key == "prerelease-mode" and value == "allow":
            entries.append("--pre")
        elif value not in (False, [], {}):
            lost.append((f"pypi-options: {key} = {value!r}", ""))
    return Translated(tuple(entries), tuple(lost))


def _links(value: Any) -> Iterator[str]:
    for link in value:
        yield f"--find-links {link.get('url') or _local(str(link.get('path', '.')))}"


def _names(option: str) -> Callable[[Any], list[str]]:
    def entries(value: Any) -> list[str]:
        if value is True:
            return [f"{option} :all:"]
        return [f"{option} {entry}" for entry in value or ()]

    return entries


_OPTIONS: dict[str, Callable[[Any], Any]] = {
    "index-url": lambda value: [f"--index-url {value}"],
    "extra-index-urls": lambda value: [f"--extra-index-url {url}" for url in value],
    "find-links": _links,
    "no-build": _names("--only-binary"),
    "no-binary": _names("--no-binary"),
}
