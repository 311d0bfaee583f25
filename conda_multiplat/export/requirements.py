"""``requirements-SUBDIR.txt``: a lock's PyPI packages for pip or uv, with hashes."""

from __future__ import annotations

from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.vocabulary.file_names import rendered_name
from conda_multiplat.vocabulary.records import PypiRecord


def render(lock: LockFile, subdir: str) -> str:
    """Return the file's text, with LF line endings; pip needs ``--no-deps`` for it.

    If one line of a file has a hash, pip requires hashes in all of them, and repositories and
    folders can't have one: they are written as comments, to be installed by hand.
    """
    file = rendered_name("requirements", lock.environment, subdir)
    hashed = [
        package
        for package in lock.platforms[subdir].pypi
        if package.sha256 and not package.is_folder
    ]
    unhashed = [package for package in lock.platforms[subdir].pypi if package not in hashed]
    lines = [
        "# This file may be used in the environment that the explicit file has made:",
        f"# $ python -m pip install --no-deps --require-hashes -r {file}",
        f"# platform: {subdir}",
        *(f"{package.name} @ {package.url} --hash=sha256:{package.sha256}" for package in hashed),
        *(["# without a hash, to be installed one by one with --no-deps:"] if unhashed else []),
        *(f"# {line(package)}" for package in unhashed),
    ]
    return "\n".join(lines) + "\n"


def line(record: PypiRecord) -> str:
    """Return a record as a pinned entry of ``pip:``."""
    place, _, mark = record.url.partition("#")
    if record.is_folder:
        return f"-e {place}" if mark == "editable" else place
    if record.url.startswith("git+"):
        return f"{record.name} @ {record.url}"
    return f"{record.name}=={record.version}"
