"""Made-up channels: metadata to lock with where the real slice is not there, and real packages.

Both are deterministic: one seed, no clock.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import zstandard
from support.packages import SUBDIR, Package, build_channel

SUBDIRS = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64")
#: What the benchmarks ask for by name; they stand in the last layer, on top of all others.
TOP = ("numpy", "pandas", "scikit-learn", "matplotlib", "jupyterlab", "pytorch")
_PYTHONS = ("3.10", "3.11", "3.12", "3.13")
_LAYERS = 7
_PER_LAYER = 43
_NOARCH = 900
_VERSIONS = 3
_SEED = 20_240_501
_CONSTRAINED = 0.3
_TIMESTAMP = 1_700_000_000_000


def write_metadata(channel: Path) -> Path:
    """Make a channel of about 20,000 records in five subdirs and noarch, without packages."""
    for subdir in (*SUBDIRS, "noarch"):
        records = {record["fn"]: record for record in _subdir(subdir)}
        found = {
            "info": {"subdir": subdir},
            "packages": {},
            "packages.conda": {name: _without_name(record) for name, record in records.items()},
            "repodata_version": 1,
        }
        text = json.dumps(found).encode()
        folder = channel / subdir
        folder.mkdir(parents=True)
        (folder / "repodata.json").write_bytes(text)
        (folder / "repodata.json.zst").write_bytes(zstandard.compress(text))
    return channel


def _without_name(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "fn"}


def _subdir(subdir: str) -> Iterator[dict[str, Any]]:
    """A subdir's records; the same names, versions and dependencies everywhere."""
    chance = random.Random(_SEED)
    if subdir == "noarch":
        for number in range(_NOARCH):
            yield from _versions(chance, f"pure{number}", subdir, [f"lib0x{number % _PER_LAYER}"])
        return
    for version in _PYTHONS:
        yield _record("python", f"{version}.9", "0_cpython", subdir, [])
        build = f"1_cp{version.replace('.', '')}"
        yield _record("python_abi", version, build, subdir, [], [f"python {version}.*"])
    below: list[str] = []
    for layer in range(_LAYERS):
        names = [f"lib{layer}x{number}" for number in range(_PER_LAYER)]
        for name in names:
            yield from _versions(chance, name, subdir, _some(chance, below, 3))
        below = names
    for name in TOP:
        pure = [f"pure{chance.randrange(_NOARCH)}" for _ in range(20)]
        yield from _versions(chance, name, subdir, _some(chance, below, 8) + pure)


def _some(chance: random.Random, names: list[str], count: int) -> list[str]:
    return chance.sample(names, count) if names else []


def _versions(
    chance: random.Random, name: str, subdir: str, below: list[str]
) -> Iterator[dict[str, Any]]:
    """A package's versions; compiled ones have a build for each Python."""
    for minor in range(_VERSIONS):
        version = f"1.{minor}.{chance.randrange(5)}"
        depends = [f"{need} >=1.{chance.randrange(minor + 1)},<2.0a0" for need in below]
        constrains = [f"{name}-extras {version}"] if chance.random() < _CONSTRAINED else []
        if subdir == "noarch":
            own = [*depends, "python >=3.10"]
            yield _record(name, version, "pyhd8ed1ab_0", subdir, own, constrains)
            continue
        for python in _PYTHONS:
            tag = f"cp{python.replace('.', '')}"
            own = [*depends, f"python >={python},<{python}.99", f"python_abi {python}.* *_{tag}"]
            build = f"py{tag[2:]}h{chance.randrange(16**7):07x}_0"
            yield _record(name, version, build, subdir, own, constrains)


def _record(  # noqa: PLR0917 - a record's first fields, in everybody's order
    name: str,
    version: str,
    build: str,
    subdir: str,
    depends: list[str],
    constrains: Sequence[str] = (),
) -> dict[str, Any]:
    file = f"{name}-{version}-{build}.conda"
    content = f"{subdir}/{file}".encode()
    return {
        "fn": file,
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "subdir": subdir,
        "depends": depends,
        "constrains": list(constrains),
        "license": "BSD-3-Clause",
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": 10_000 + len(content),
        "timestamp": _TIMESTAMP,
        **({"noarch": "python"} if subdir == "noarch" else {}),
    }


def write_packages(channel: Path, count: int = 120) -> Path:
    """Make a channel of ``count`` real packages: two thirds noarch, every tenth of many files.

    120 have 27,840 files: 232 in each. 29 packages of a robotics environment from PyPI had 313 in
    each, Python's own standard library apart.
    """
    chance = random.Random(_SEED)
    return build_channel(channel, [_package(chance, number) for number in range(count)])


def _package(chance: random.Random, number: int) -> Package:
    name = f"real{number}"
    pure = number % 3 != 0
    names = (
        f"part{index // 8}/file{index}.dat" for index in range(1_600 if number % 10 == 0 else 80)
    )
    files = {
        f"share/{name}/{path}": chance.randbytes(chance.randrange(100, 3_000)) for path in names
    }
    return Package(
        name,
        subdir="noarch" if pure else SUBDIR,
        noarch="generic" if pure else None,
        depends=[f"real{chance.randrange(number)}"] if number else [],
        files=files,
    )
