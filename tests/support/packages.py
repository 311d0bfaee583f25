"""Real packages and channels: ``.conda`` archives made with conda-package-handling."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard
from conda_package_handling import api  # type: ignore[import-untyped]

PLACEHOLDER = "/opt/" + "placehold_" * 20 + "end"
SUBDIR = {
    ("linux", "x86_64"): "linux-64",
    ("linux", "aarch64"): "linux-aarch64",
    ("darwin", "arm64"): "osx-arm64",
    ("darwin", "x86_64"): "osx-64",
    ("win32", "AMD64"): "win-64",
}[(sys.platform, platform.machine())]
PYTHON = platform.python_version()
_TIMESTAMP = 1_700_000_000_000


@dataclass(frozen=True)
class Symlink:
    """A file that is a link to ``target``."""

    target: str


@dataclass(frozen=True)
class Package:
    """What a package is made of.

    Attributes:
        files: path -> content, or a link.
        placeholders: path -> ``text`` or ``binary``, for files that have :data:`PLACEHOLDER`.
        executables: the paths to mark as executable.
        entry_points: ``name = module:function``, for noarch python packages.
        metadata: more keys of ``info/index.json``.
    """

    name: str
    version: str = "1.0"
    build: str = "0"
    subdir: str = "noarch"
    noarch: str | None = None
    depends: Sequence[str] = ()
    constrains: Sequence[str] = ()
    files: Mapping[str, bytes | Symlink] = field(default_factory=dict)
    placeholders: Mapping[str, str] = field(default_factory=dict)
    executables: Sequence[str] = ()
    entry_points: Sequence[str] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        return f"{self.name}-{self.version}-{self.build}.conda"

    def index(self) -> dict[str, Any]:
        """``info/index.json``."""
        number = self.build.rsplit("_", 1)[-1]
        entries: dict[str, Any] = {
            "name": self.name,
            "version": self.version,
            "build": self.build,
            "build_number": int(number) if number.isdigit() else 0,
            "subdir": self.subdir,
            "depends": list(self.depends),
            "constrains": list(self.constrains),
            "license": "BSD-3-Clause",
            "timestamp": _TIMESTAMP,
        }
        return {**entries, **({"noarch": self.noarch} if self.noarch else {}), **self.metadata}


def build(package: Package, channel: Path) -> Path:
    """Make the package's archive in ``channel/subdir``."""
    folder = channel / package.subdir
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        root = Path(work)
        for name, content in package.files.items():
            _write(root / name, content, executable=name in package.executables)
        _write_info(root / "info", package)
        files = sorted(
            path.relative_to(root).as_posix()
            for path in root.rglob("*")
            if path.is_symlink() or path.is_file()
        )
        for name in files:
            os.utime(root / name, (_TIMESTAMP / 1000,) * 2, follow_symlinks=False)
        api.create(str(root), files, package.file_name, out_folder=str(folder))
    _forget_time(folder / package.file_name)
    return folder / package.file_name


def _forget_time(archive: Path) -> None:
    """Date the parts of an archive alike: the same package has the same hashes tomorrow."""
    with zipfile.ZipFile(archive) as before:
        parts = {name: before.read(name) for name in before.namelist()}
    with zipfile.ZipFile(archive, "w") as after:
        for name, content in parts.items():
            after.writestr(zipfile.ZipInfo(name), content)


def _write(path: Path, content: bytes | Symlink, *, executable: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Symlink):
        path.symlink_to(content.target)
        return
    path.write_bytes(content)
    path.chmod(0o755 if executable else 0o644)


def _write_info(info: Path, package: Package) -> None:
    info.mkdir()
    paths = [_path_entry(package, name, content) for name, content in package.files.items()]
    documents: dict[str, Any] = {
        "index.json": package.index(),
        "paths.json": {
            "paths_version": 1,
            "paths": sorted(paths, key=lambda entry: entry["_path"]),
        },
        "about.json": {"summary": f"test package {package.name}"},
    }
    if package.noarch:
        noarch = {"type": package.noarch, "entry_points": list(package.entry_points)}
        documents["link.json"] = {"package_metadata_version": 1, "noarch": noarch}
    for name, document in documents.items():
        _write(info / name, json.dumps(document, sort_keys=True).encode())
    _write(info / "files", "".join(f"{name}\n" for name in sorted(package.files)).encode())
    if package.placeholders:
        lines = [f"{PLACEHOLDER} {mode} {name}\n" for name, mode in package.placeholders.items()]
        _write(info / "has_prefix", "".join(lines).encode())


def _path_entry(package: Package, name: str, content: bytes | Symlink) -> dict[str, Any]:
    if isinstance(content, Symlink):
        return {"_path": name, "path_type": "softlink"}
    entry: dict[str, Any] = {
        "_path": name,
        "path_type": "hardlink",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_in_bytes": len(content),
    }
    if mode := package.placeholders.get(name):
        entry |= {"prefix_placeholder": PLACEHOLDER, "file_mode": mode}
    return entry


def record(package: Package, archive: bytes | None = None) -> dict[str, Any]:
    """The package's entry in repodata; without an archive, with hashes of its name."""
    content = package.file_name.encode() if archive is None else archive
    return {
        **package.index(),
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": package.metadata.get("size", len(content)),
    }


def write_repodata(channel: Path, packages: Sequence[Package]) -> Path:
    """Make a channel that has metadata only, for locking; ``noarch`` is always there."""
    by_subdir: dict[str, dict[str, Any]] = {"noarch": {}}
    for package in packages:
        by_subdir.setdefault(package.subdir, {})[package.file_name] = record(package)
    _write_subdirs(channel, by_subdir)
    return channel


def build_channel(channel: Path, packages: Sequence[Package]) -> Path:
    """Make a channel with real archives."""
    by_subdir: dict[str, dict[str, Any]] = {"noarch": {}}
    for package in packages:
        archive = build(package, channel).read_bytes()
        by_subdir.setdefault(package.subdir, {})[package.file_name] = record(package, archive)
    _write_subdirs(channel, by_subdir)
    return channel


def _write_subdirs(channel: Path, by_subdir: Mapping[str, Mapping[str, Any]]) -> None:
    for subdir, records in by_subdir.items():
        folder = channel / subdir
        folder.mkdir(parents=True, exist_ok=True)
        repodata = {
            "info": {"subdir": subdir},
            "packages": {},
            "packages.conda": dict(sorted(records.items())),
            "repodata_version": 1,
        }
        text = json.dumps(repodata, indent=1).encode()
        (folder / "repodata.json").write_bytes(text)
        (folder / "repodata.json.zst").write_bytes(zstandard.compress(text))


def python_package(subdir: str = SUBDIR) -> Package:
    """A ``python`` that runs: the interpreter of the tests, laid out as a virtual environment.

    ``pyvenv.cfg`` beside ``bin`` makes the prefix ``sys.prefix`` and says where the standard
    library is.
    """
    major_minor = ".".join(PYTHON.split(".")[:2])
    base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    config = f"home = {base.parent}\ninclude-system-site-packages = false\nversion = {PYTHON}\n"
    return Package(
        "python",
        PYTHON,
        "0_cpython",
        subdir,
        files={
            "pyvenv.cfg": config.encode(),
            f"bin/python{major_minor}": Symlink(str(base)),
            "bin/python3": Symlink(f"python{major_minor}"),
            "bin/python": Symlink(f"python{major_minor}"),
            f"lib/python{major_minor}/site-packages/README.txt": b"packages go here\n",
        },
    )


def generic_package() -> Package:
    """A noarch package that is data only."""
    return Package("greeting-data", noarch="generic", files={"share/greeting.txt": b"hello\n"})


def noarch_python_package() -> Package:
    """A pure Python package with a command."""
    code = b'def main():\n    print("hello from greeting")\n'
    return Package(
        "greeting",
        noarch="python",
        depends=["python >=3.10", "greeting-data >=1"],
        files={
            "site-packages/greeting.py": code,
            "site-packages/greeting-1.0.dist-info/METADATA": (
                b"Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n"
            ),
        },
        entry_points=["greet = greeting:main"],
    )


def binary_package(subdir: str = SUBDIR) -> Package:
    """A binary and a text file that hold the prefix, and links to them."""
    blob = b"\x7fELF\x00" + PLACEHOLDER.encode() + b"/share\x00" + bytes(range(256))
    return Package(
        "prefixed",
        build="h0_0",
        subdir=subdir,
        depends=["__unix"],
        files={
            "lib/prefixed.bin": blob,
            "etc/prefixed.cfg": f"root = {PLACEHOLDER}\n".encode(),
            "lib/prefixed.link": Symlink("prefixed.bin"),
        },
        placeholders={"lib/prefixed.bin": "binary", "etc/prefixed.cfg": "text"},
    )


def post_link_package(subdir: str = SUBDIR) -> Package:
    """A package whose post-link script leaves a file behind."""
    script = b'#!/bin/sh\necho "linked $PKG_NAME" > "$PREFIX/post-link.txt"\n'
    return Package(
        "scripted",
        subdir=subdir,
        files={"bin/.scripted-post-link.sh": script},
        executables=["bin/.scripted-post-link.sh"],
    )


def real_packages() -> list[Package]:
    """One of each kind."""
    return [
        python_package(),
        generic_package(),
        noarch_python_package(),
        binary_package(),
        post_link_package(),
    ]


def activated_package() -> Package:
    """A package with scripts for bash and fish, and variables; ``~`` has one run last."""
    on, off = "etc/conda/activate.d", "etc/conda/deactivate.d"
    return Package(
        "activated",
        noarch="generic",
        files={
            f"{on}/activated.sh": (
                b'export ACTIVATED="on $UNSET_BY_ALL"\nexport ORDER="${ORDER}a"\n'
            ),
            f"{on}/~last.sh": b'export ORDER="${ORDER}z"\n',
            f"{on}/Zero.sh": b'export ORDER="${ORDER}Z"\n',
            f"{off}/activated.sh": b"unset ACTIVATED ORDER\n",
            f"{on}/activated.fish": b"set -gx ACTIVATED 'on '\nset -gx ORDER \"$ORDER\"a\n",
            f"{on}/~last.fish": b'set -gx ORDER "$ORDER"z\n',
            f"{on}/Zero.fish": b'set -gx ORDER "$ORDER"Z\n',
            f"{off}/activated.fish": b"set -e ACTIVATED\nset -e ORDER\n",
            "etc/conda/env_vars.d/activated.json": b'{"FROM_PACKAGE": "a $HOME"}',
        },
    )
