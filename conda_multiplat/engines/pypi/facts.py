"""Data in a locked PyPI file that the lock does not have: its licence.

1. For a wheel, the index is asked for the metadata alone (PEP 658); if it has none, uv downloads
   the wheel, which is in its cache after an install.
2. A source archive is downloaded and verified by its hash; its ``PKG-INFO`` is read. It is not
   built.
3. In a local project's folder, ``pyproject.toml`` is read.
"""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Mapping
from email.errors import MessageError
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from conda_multiplat.engines.pypi.compile import Compiler
from conda_multiplat.engines.pypi.published import metadata_text
from conda_multiplat.engines.web import UnfetchedError, Web, reason_of
from conda_multiplat.vocabulary.errors import DocumentError
from conda_multiplat.vocabulary.package_facts import PackageFacts
from conda_multiplat.vocabulary.records import PypiRecord
from conda_multiplat.vocabulary.toml_tables import toml_table

#: Why nothing is known about a repository: only a build makes its metadata.
REPOSITORY = "a repository, which has no metadata until it is built"
#: The maximum sizes of a source archive and of the metadata in it, in bytes.
_LARGEST = 1 << 30
_LARGEST_METADATA = 8 << 20
_NO_PKG_INFO = "it has no PKG-INFO"


def stated_facts(uv: Compiler, record: PypiRecord) -> PackageFacts:
    """Return what a locked file states about itself.

    Raises:
        UnfetchedError: it can't be read.
    """
    if record.url.startswith("git+"):
        return PackageFacts(missing=REPOSITORY)
    if record.is_folder:
        return _of_folder(uv.base / record.url.partition("#")[0])
    text = (
        metadata_text(uv, record.name, _hashed(record))
        if record.is_wheel
        else _of_archive(uv, record)
    )
    facts = read_facts(text)
    if facts is None:
        raise UnfetchedError("its metadata can't be read")
    return facts


def _hashed(record: PypiRecord) -> str:
    """Return a wheel's URL with its hash, which uv verifies."""
    return f"{record.url}#sha256={record.sha256}" if "://" in record.url else record.url


def read_facts(text: str) -> PackageFacts | None:
    """Return the licence that a ``METADATA`` or ``PKG-INFO`` states."""
    try:
        headers = HeaderParser().parsestr(text)
    except MessageError:
        return None
    stated = headers.get("License-Expression") or headers.get("License") or ""
    stated = "" if stated == "UNKNOWN" else stated  # setuptools' text for an empty field
    classifiers = headers.get_all("Classifier", [])
    return PackageFacts(str(stated), classifiers=_of_licenses(classifiers))


def _of_licenses(classifiers: list[Any]) -> tuple[str, ...]:
    return tuple(
        str(classifier) for classifier in classifiers if str(classifier).startswith("License :: ")
    )


def _of_folder(folder: Path) -> PackageFacts:
    try:
        with (folder / "pyproject.toml").open(encoding="utf-8") as file:
            table = toml_table(file.read(_LARGEST_METADATA))
    except (OSError, UnicodeDecodeError, DocumentError):
        table = {}
    project = table.get("project")
    project = project if isinstance(project, Mapping) else {}
    stated = project.get("license", "")
    if isinstance(stated, Mapping):  # before PEP 639
        stated = stated.get("text", "")
    classifiers = project.get("classifiers", [])
    of_licenses = _of_licenses(classifiers if isinstance(classifiers, list) else [])
    return PackageFacts(stated if isinstance(stated, str) else "", classifiers=of_licenses)


def _of_archive(uv: Compiler, record: PypiRecord) -> str:
    """Return the ``PKG-INFO`` of a source archive.

    Raises:
        UnfetchedError: it can't be read.
    """
    local = uv.base / record.url
    try:
        return _pkg_info(local if "://" not in record.url else _downloaded(uv, record))
    except (OSError, ValueError, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise UnfetchedError(reason_of(error)) from None


def _downloaded(uv: Compiler, record: PypiRecord) -> Path:
    """Download a source archive and verify its locked hash."""
    if uv.settings.offline:
        raise UnfetchedError("offline")
    file = uv.folder / record.url.rsplit("/", 1)[-1]
    sha256 = Web(uv.settings).save(uv.with_login(record.url), file, _LARGEST)
    if sha256 != record.sha256:
        raise UnfetchedError(f"sha256 is {sha256}, the lock has {record.sha256}")
    return file


def _pkg_info(file: Path) -> str:
    """Return the ``PKG-INFO`` in the single folder of a source archive."""
    if file.suffix == ".zip":
        with zipfile.ZipFile(file) as archive:
            name = next(filter(_is_pkg_info, archive.namelist()), "")
            if not name:
                raise UnfetchedError(_NO_PKG_INFO)
            with archive.open(name) as stream:
                return stream.read(_LARGEST_METADATA).decode("utf-8", "replace")
    with tarfile.open(file, "r:*") as archive:
        for member in archive:
            if member.isfile() and _is_pkg_info(member.name):
                content = archive.extractfile(member)
                return content.read(_LARGEST_METADATA).decode("utf-8", "replace") if content else ""
    raise UnfetchedError(_NO_PKG_INFO)


def _is_pkg_info(name: str) -> bool:
    return name.count("/") == 1 and name.endswith("/PKG-INFO")
