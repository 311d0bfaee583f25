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
    return next((place for place in places if place.is_dir()), None)


def installed_pypi(
    prefix: Path, python: str, known: Mapping[str, Mapping[str, str]]
) -> list[PypiRecord]:
    """The packages of a prefix's Python that conda does not own, by name.

    Args:
        prefix: the environment.
        python: the version of its Python.
        known: what the last installation noted of each package: its ``url`` and ``sha256``.
    """
    records: list[PypiRecord] = []
    for _, name, version in foreign_distributions(prefix, python):
        noted = known.get(name, {})
        records.append(PypiRecord(name, version, noted.get("url", ""), noted.get("sha256")))
    return sorted(records, key=lambda record: record.name)


def foreign_distributions(prefix: Path, python: str) -> Iterator[tuple[Path, str, str]]:
    """What conda does not own: each ``.dist-info`` folder, with its project and version."""
    owned = owned_projects(prefix)
    folder = site_packages(prefix, python)
    for path in folder.glob("*.dist-info") if folder else ():
        match = _DIST_INFO.fullmatch(path.name)
        name = canonicalize_name(match["name"]) if match else ""
        if match and name not in owned:
            yield path, name, match["version"]


def owned_projects(prefix: Path) -> set[str]:
    """The projects that conda packages brought, by what conda's records say of their files."""
    matches = map(_DIST_INFO.fullmatch, owned_metadata(prefix))
    return {canonicalize_name(match["name"]) for match in matches if match}
