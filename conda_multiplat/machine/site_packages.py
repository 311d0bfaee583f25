"""The PyPI packages in a prefix: what is there, and whose it is (PEP 376, PEP 627)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from conda_multiplat.machine.prefix_records import owned_metadata
from conda_multiplat.vocabulary.records import PypiRecord

_DIST_INFO = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)\.dist-info")


def site_packages(prefix: Path, python: str) -> Path | None:
    """Where the packages of a prefix's Python are; ``None`` where there is no such folder."""
    minor = ".".join(python.split(".")[:2])
    folders = (f"lib/python{minor}", f"lib/python{minor}t")  # the latter without a GIL
    places = (prefix / name / "site-packages" for name in ("Lib", *folders))
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
    owned = {name for folder in owned_metadata(prefix) if (name := project_of(folder))}
    folder = site_packages(prefix, python)
    for path, name, version in distributions(folder) if folder else ():
        if name not in owned:
            yield path, name, version


def left_distributions(
    prefix: Path, python: str, known: Collection[str]
) -> list[tuple[Path, str, str]]:
    """Likewise what we installed for a Python that is no longer the one of the prefix."""
    present = site_packages(prefix, python)
    others = [folder for folder in prefix.glob("lib/python*/site-packages") if folder != present]
    found = [
        each
        for folder in others
        if not folder.parent.is_symlink()
        for each in distributions(folder)
        if each[1] in known
    ]
    owned = (
        {name for folder in owned_metadata(prefix) if (name := project_of(folder))}
        if found
        else set()
    )
    return [each for each in found if each[1] not in owned]


def distributions(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """Each ``.dist-info`` folder of a ``site-packages``, with its project and version."""
    for path in folder.glob("*.dist-info"):
        if match := _DIST_INFO.fullmatch(path.name):
            yield path, canonicalize_name(match["name"]), match["version"]


def project_of(dist_info: str) -> str:
    """The project that the name of a ``.dist-info`` folder says; ``""`` for another folder."""
    match = _DIST_INFO.fullmatch(dist_info)
    return canonicalize_name(match["name"]) if match else ""
