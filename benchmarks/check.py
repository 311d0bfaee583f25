"""``check``: 10,000 locked packages that are in sync, against the import of PyYAML."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Command, interleaved
from benchmarks.report import Row, at_most
from benchmarks.workspace import PLATFORMS, Workspace, console_script, manifest
from conda_multiplat.lockfile import write as conda_lock
from conda_multiplat.lockfile.model import LockChannel, LockFile, PlatformLock
from conda_multiplat.machine.project import load_project
from conda_multiplat.manifest.targets import targets
from conda_multiplat.solving.requests import DIGEST_RECIPE, digest
from conda_multiplat.vocabulary.records import CondaRecord

BOUND = 2.5
#: On each of five platforms.
_PACKAGES = 2000
_CHANNEL = "https://example.com/channel"


def rows(space: Workspace) -> Iterator[Row]:
    """Time, whole processes."""
    asked = tuple(f"package{number}" for number in range(20))
    folder = space.project("check", manifest(_CHANNEL, PLATFORMS[:5], asked))
    count = _write_lock(folder)
    environ = space.standalone("check").environ()
    commands = {
        "check": Command([*console_script(), "check"], folder, environ),
        "yaml": Command([sys.executable, "-c", "import yaml"], folder, environ),
    }
    found = interleaved(commands, space.times(31))
    ours, other = found["check"], found["yaml"]
    note = f"ours {ours.spread}; import {other.spread}"
    work = f"check: {count:,} packages"
    yield at_most(work, ours, other, BOUND, "`import yaml`", note=note)


def _write_lock(folder: Path) -> int:
    project = load_project([folder / "environment.yml"], host_subdirs=())
    platforms = {
        target.subdir: PlatformLock.of(
            digest(target),
            [_record(number, target.subdir) for number in range(_PACKAGES)],
            target.virtual_packages,
            [line.text for line in target.view.conda],
        )
        for target in targets(project.manifest)
    }
    lock = LockFile(
        environment="default",
        sources=("environment.yml",),
        channels=(LockChannel(_CHANNEL),),
        platforms=platforms,
        channel_priority="strict",
        recipe=DIGEST_RECIPE,
    )
    (folder / "conda-lock.yml").write_text(conda_lock.render(lock), encoding="utf-8")
    return sum(len(platform.records) for platform in platforms.values())


def _record(number: int, subdir: str) -> CondaRecord:
    name = f"package{number}"
    return CondaRecord(
        name,
        "1.2.3",
        "h123_0",
        f"{_CHANNEL}/{subdir}/{name}-1.2.3-h123_0.conda",
        hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(),
        hashlib.sha256(name.encode()).hexdigest(),
        tuple(f"package{n} >=1.2,<2.0a0" for n in range(number + 1, min(number + 6, _PACKAGES))),
        size=1_000_000 + number,
    )
