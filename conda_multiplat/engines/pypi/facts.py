"""What a locked PyPI file states of itself beside what is locked: its licence.

1. Of a wheel the index is asked for the metadata alone (PEP 658); where it has none, uv fetches the
   wheel, which is in its cache after an install.
2. A source archive is fetched and has to have its hash; its ``PKG-INFO`` is read. It is not built.
3. Of a project's folder ``pyproject.toml`` is read.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
from collections.abc import Mapping
from email.errors import MessageError
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from conda_multiplat.engines.pypi.compile import Compiler
from conda_multiplat.engines.pypi.index_logins import index_logins, with_login
from conda_multiplat.engines.pypi.published import metadata_text, opener
from conda_multiplat.vocabulary.errors import DocumentError
from conda_multiplat.vocabulary.package_facts import PackageFacts
from conda_multiplat.vocabulary.records import PypiRecord
from conda_multiplat.vocabulary.toml_tables import toml_table

#: Why nothing is known of a repository: its metadata is what a build makes of it.
REPOSITORY = "a repository, which states nothing before it is built"
#: Bytes of a source archive, and of the metadata in it.
_LARGEST = 1 << 30
_LARGEST_METADATA = 8 << 20
_BLOCK = 1 << 20


def stated_facts(uv: Compiler, record: PypiRecord) -> PackageFacts | None:
    """What a locked file states of itself; ``None`` where it can't be read."""
    if record.url.startswith("git+"):
        return PackageFacts(missing=REPOSITORY)
    if record.is_folder:
        return _of_folder(uv.base / record.url.partition("#")[0])
    text = (
        metadata_text(uv, record.name, _hashed(record))
        if record.is_wheel
        else _of_archive(uv, record)
    )
    return read_facts(text) if text else None


def _hashed(record: PypiRecord) -> str:
    """A wheel's URL with its hash, which uv compares with what it fetches."""
    return f"{record.url}#sha256={record.sha256}" if "://" in record.url else record.url


def read_facts(text: str) -> PackageFacts | None:
    """The licence that a ``METADATA`` or ``PKG-INFO`` states."""
    try:
        headers = HeaderParser().parsestr(text)
    except MessageError:
        return None
    stated = headers.get("License-Expression") or headers.get("License") or ""
    stated = "" if stated == "UNKNOWN" else stated  # as setuptools wrote it where nothing was said
    classifiers = headers.get_all("Classifier", [])
    return PackageFacts(str(stated), classifiers=_of_licenses(classifiers))


def _of_licenses(classifiers: list[Any]) -> tuple[str, ...]:
    return tuple(str(each) for each in classifiers if str(each).startswith("License :: "))


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
    """The ``PKG-INFO`` of a source archive; ``""`` where it can't be fetched."""
    local = uv.base / record.url
    try:
        file = local if "://" not in record.url else _downloaded(uv, record)
        return _pkg_info(file) if file else ""
    except (OSError, ValueError, tarfile.TarError, zipfile.BadZipFile, EOFError):
        return ""


def _downloaded(uv: Compiler, record: PypiRecord) -> Path | None:
    """A source archive with the hash that is locked; ``None`` where it has another."""
    if uv.settings.offline:
        return None
    file = uv.folder / record.url.rsplit("/", 1)[-1]
    digest, size = hashlib.sha256(), 0
    address = with_login(record.url, index_logins(os.environ))
    wait = uv.settings.remote_read_timeout_secs
    with opener(uv.settings).open(address, timeout=wait) as answer, file.open("wb") as out:
        while (block := answer.read(_BLOCK)) and size < _LARGEST:
            size += len(block)
            digest.update(block)
            out.write(block)
    return file if digest.hexdigest() == record.sha256 else None


def _pkg_info(file: Path) -> str:
    """The ``PKG-INFO`` in the one folder of a source archive."""
    if file.suffix == ".zip":
        with zipfile.ZipFile(file) as archive:
            name = next(each for each in archive.namelist() if _is_pkg_info(each))
            with archive.open(name) as stream:
                return stream.read(_LARGEST_METADATA).decode("utf-8", "replace")
    with tarfile.open(file, "r:*") as archive:
        for member in archive:
            if member.isfile() and _is_pkg_info(member.name):
                content = archive.extractfile(member)
                return content.read(_LARGEST_METADATA).decode("utf-8", "replace") if content else ""
    return ""


def _is_pkg_info(name: str) -> bool:
    return name.count("/") == 1 and name.endswith("/PKG-INFO")
