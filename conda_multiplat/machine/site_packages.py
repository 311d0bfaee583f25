"""The PyPI packages in a prefix: what is there, and whose it is (PEP 376, PEP 627)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from conda_multiplat.machine.prefix_records import owned_metadata
from conda_multiplat.vocabulary.records import PypiRecord

_DIST_INFO = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)\.dist-info")


def site_packages(prefix: Path, python: str) -> Path | None:
    """Where the packages of a prefix's Python are; ``None`` where there is no such folder."""
    minor = ".".join(python.split(".")[:2])
    places = (prefix / "Lib" / "site-packages", prefix / f"lib/python{minor}/site-packages")
    return next((each for each in places if each.is_dir()), None)


def installed_pypi(
    prefix: Path, python: str, known: Mapping[str, Mapping[str, str]]
) -> list[PypiRecord]:
    """The packages of a prefix's Python that conda does not own, by name.

    Args:
        prefix: the environment.
        python: the version of its Python.
        known: what the last installation noted of each package: its ``url`` and ``sha256``.
    """
    owned = owned_projects(prefix)
    found: list[PypiRecord] = []
    for name, version in _distributions(site_packages(prefix, python)):
        if name not in owned:
            noted = known.get(name, {})
            url, sha256 = noted.get("url", ""), noted.get("sha256")
            found.append(PypiRecord(name, version, url, sha256))
    return sorted(found, key=lambda each: each.name)


def owned_projects(prefix: Path) -> set[str]:
    """The projects that conda packages brought, by what conda's records say of their files."""
    return {name for each in owned_metadata(prefix) if (name := _name(each))}


def _name(folder: str) -> str:
    match = _DIST_INFO.fullmatch(folder)
    return canonicalize_name(match["name"]) if match else ""


def _distributions(folder: Path | None) -> Iterator[tuple[str, str]]:
    for path in folder.glob("*.dist-info") if folder else ():
        if match := _DIST_INFO.fullmatch(path.name):
            yield canonicalize_name(match["name"]), match["version"]
