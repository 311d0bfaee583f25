"""The PyPI packages in a prefix, and who installed them (PEP 376, PEP 627)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name, canonicalize_version

from conda_multiplat.machine.prefix_records import owned_metadata
from conda_multiplat.vocabulary.json_values import json_object
from conda_multiplat.vocabulary.records import PypiRecord

_DIST_INFO = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)\.dist-info")

_SHA256 = re.compile("[0-9a-f]{64}")


def site_packages(prefix: Path, python: str) -> Path | None:
    """Return the ``site-packages`` of a prefix's Python; ``None`` if there is no such folder."""
    minor = ".".join(python.split(".")[:2])
    folders = (f"lib/python{minor}", f"lib/python{minor}t")  # the latter is free-threaded Python
    places = (prefix / name / "site-packages" for name in ("Lib", *folders))
    return next((place for place in places if place.is_dir()), None)


def installed_pypi(
    prefix: Path,
    python: str,
    known: Mapping[str, Mapping[str, str]],
    locked: Iterable[PypiRecord] = (),
) -> list[PypiRecord]:
    """Return the packages of a prefix's Python that conda does not own, by name.

    A version that is locked has the lock's spelling: a wheel may call 2.6.1 ``02.06.01`` (PEP 440).

    Args:
        prefix: the environment.
        python: the version of its Python.
        locked: the packages that should be there.
        known: what the last install recorded for each package: its ``url`` and ``sha256``. For
            other packages, their installer may have recorded it (PEP 610).
    """
    records: list[PypiRecord] = []
    spelt = {(record.name, _normal(record.version)): record.version for record in locked}
    for path, name, version in foreign_distributions(prefix, python):
        noted = known.get(name) or _origin(path)
        same = spelt.get((name, _normal(version)), version)
        records.append(PypiRecord(name, same, noted.get("url", ""), noted.get("sha256")))
    return sorted(records, key=lambda record: record.name)


def _normal(version: str) -> str:
    return canonicalize_version(version, strip_trailing_zero=False)


def _origin(dist_info: Path) -> Mapping[str, str]:
    """Return the file that a package was installed from, with its hash, if recorded (PEP 610)."""
    try:
        origin = json_object((dist_info / "direct_url.json").read_text(encoding="utf-8"))
        url, sha256 = origin["url"], origin["archive_info"]["hashes"]["sha256"]
    except (OSError, ValueError, TypeError, KeyError):
        return {}
    if isinstance(url, str) and isinstance(sha256, str) and _SHA256.fullmatch(sha256):
        return {"url": url, "sha256": sha256}
    return {}


def foreign_distributions(prefix: Path, python: str) -> Iterator[tuple[Path, str, str]]:
    """Return each ``.dist-info`` folder that conda does not own, with its project and version.

    A project that conda provides in another version is not conda's.
    """
    folder = site_packages(prefix, python)
    yield from _foreign(prefix, [folder] if folder else [])


def left_distributions(
    prefix: Path, python: str, known: Collection[str]
) -> list[tuple[Path, str, str]]:
    """Return the same for what we installed for an earlier Python of the prefix.

    Args:
        prefix: the environment.
        python: the version of its Python.
        known: the names of what we installed.
    """
    present = site_packages(prefix, python)
    others = [
        folder
        for folder in prefix.glob("lib/python*/site-packages")
        if folder != present and not folder.parent.is_symlink()
    ]
    return [found for found in _foreign(prefix, others) if found[1] in known]


def _foreign(prefix: Path, folders: Collection[Path]) -> Iterator[tuple[Path, str, str]]:
    owned = owned_metadata(prefix) if folders else set()
    for folder in folders:
        for path, name, version in distributions(folder):
            if path.name not in owned:
                yield path, name, version


def distributions(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """Return each ``.dist-info`` folder of a ``site-packages``, with its project and version."""
    for path in folder.glob("*.dist-info"):
        if match := _DIST_INFO.fullmatch(path.name):
            yield path, canonicalize_name(match["name"]), match["version"]


def project_of(dist_info: str) -> str:
    """Return the project in the name of a ``.dist-info`` folder; ``""`` for another folder."""
    match = _DIST_INFO.fullmatch(dist_info)
    return canonicalize_name(match["name"]) if match else ""
