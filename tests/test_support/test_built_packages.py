"""The packages that the tests build are real ones: conda and rattler link them alike."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import rattler
from support.hosts import EMBEDDED, make_host
from support.packages import (
    PLACEHOLDER,
    PYTHON,
    SUBDIR,
    Package,
    Symlink,
    build,
    real_packages,
    write_repodata,
)

from conda_multiplat.engines.conda.rattler_versions import Subdir

Install = Callable[[Path, Path, Path], None]


def _by_conda(channel: Path, prefix: Path, home: Path) -> None:
    """``conda create --file explicit.txt``."""
    host = make_host((EMBEDDED,), home)
    urls = [archive.as_uri() for archive in sorted(channel.rglob("*.conda"))]
    explicit = home / "explicit.txt"
    explicit.write_text("\n".join(["@EXPLICIT", *urls]) + "\n", encoding="utf-8")
    host.run("create", "-yq", "-p", prefix, "--file", explicit)


async def _record(archive: Path) -> rattler.RepoDataRecord:
    return await rattler.RepoDataRecord.from_package_archive(archive)


def _by_rattler(channel: Path, prefix: Path, home: Path) -> None:
    """The installer of rattler, with link scripts."""

    async def install() -> None:
        await rattler.install(
            [await _record(archive) for archive in sorted(channel.rglob("*.conda"))],
            target_prefix=prefix,
            cache_dir=home / "cache",
            execute_link_scripts=True,
            show_progress=False,
        )

    asyncio.run(install())


@pytest.fixture(params=[_by_conda, _by_rattler], ids=["conda", "rattler"])
def prefix(request: pytest.FixtureRequest, real_channel: Path, tmp_path: Path) -> Path:
    """An environment of all real packages, by either installer."""
    install: Install = request.param
    install(real_channel, tmp_path / "env", tmp_path / "home")
    return tmp_path / "env"


def _output(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_python_runs_in_the_prefix(prefix: Path) -> None:
    """The interpreter is the environment's own, and sees its packages only."""
    script = "import platform, sys, greeting; print(sys.prefix, platform.python_version())"
    assert _output(prefix / "bin/python", "-c", script) == f"{prefix} {PYTHON}\n"
    assert _output(prefix / "bin/greet") == "hello from greeting\n"
    foreign = "import importlib.util; print(importlib.util.find_spec('rattler'))"
    assert _output(prefix / "bin/python", "-I", "-c", foreign) == "None\n"


@pytest.mark.slow
def test_prefixes_are_replaced(prefix: Path) -> None:
    """In text by what fits, in a binary padded with NULs to the length that it had."""
    assert (prefix / "etc/prefixed.cfg").read_text(encoding="utf-8") == f"root = {prefix}\n"
    padding = b"\0" * (len(PLACEHOLDER) - len(str(prefix)))
    expected = b"\x7fELF\0" + str(prefix).encode() + b"/share\0" + padding + bytes(range(256))
    assert (prefix / "lib/prefixed.bin").read_bytes() == expected


@pytest.mark.slow
def test_links_and_scripts(prefix: Path) -> None:
    """A symbolic link stays one; the post-link script ran."""
    assert (prefix / "lib/prefixed.link").readlink() == Path("prefixed.bin")
    assert (prefix / "post-link.txt").read_text(encoding="utf-8") == "linked scripted\n"
    assert (prefix / "share/greeting.txt").read_bytes() == b"hello\n"


@pytest.mark.slow
def test_prefix_records(prefix: Path, real_channel: Path) -> None:
    """``conda-meta`` has each package, by its file name, and a history."""
    names = {path.stem for path in real_channel.rglob("*.conda")}
    assert {path.stem for path in (prefix / "conda-meta").glob("*.json")} == names
    assert (prefix / "conda-meta/history").is_file()


def test_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built again at another time and in another folder, a package has the same hashes."""
    packages = real_packages()
    first = [build(package, tmp_path / "a").read_bytes() for package in packages]
    monkeypatch.setattr("time.time", lambda: 1_900_000_000.0)
    assert [build(package, tmp_path / "b").read_bytes() for package in packages] == first


def test_repodata_matches_the_archives(real_channel: Path) -> None:
    """Sizes and hashes in repodata are those of the files."""
    for folder in (real_channel / SUBDIR, real_channel / "noarch"):
        repodata = json.loads((folder / "repodata.json").read_text(encoding="utf-8"))
        assert set(repodata["packages.conda"]) == {path.name for path in folder.glob("*.conda")}
        for name, record in repodata["packages.conda"].items():
            content = (folder / name).read_bytes()
            assert record["size"] == len(content)
            assert record["sha256"] == hashlib.sha256(content).hexdigest()
            assert record["md5"] == hashlib.md5(content, usedforsecurity=False).hexdigest()


def test_rattler_reads_the_archive(tmp_path: Path) -> None:
    """What an archive says of itself is what its description said."""
    package = Package(
        "tool",
        "2.1",
        "h1_3",
        SUBDIR,
        depends=["zlib >=1.2"],
        constrains=["other <2"],
        files={"bin/tool": b"#!/bin/sh\n", "bin/alias": Symlink("tool")},
        metadata={"track_features": "slow"},
    )
    record = asyncio.run(_record(build(package, tmp_path)))
    assert (record.name.normalized, str(record.version), str(record.build)) == (
        "tool",
        "2.1",
        "h1_3",
    )
    assert (record.build_number, record.subdir) == (3, SUBDIR)
    assert (record.depends, record.constrains) == (["zlib >=1.2"], ["other <2"])
    assert record.track_features == ["slow"]


def test_metadata_only_channel(tmp_path: Path) -> None:
    """Rattler solves from a channel that has no archives."""
    packages = [Package("a", subdir="win-64", depends=["b"]), Package("b", noarch="generic")]
    channel = write_repodata(tmp_path / "channel", packages)
    solved = asyncio.run(
        rattler.solve(
            sources=[rattler.Channel(channel.as_uri())],
            specs=[rattler.MatchSpec("a")],
            gateway=rattler.Gateway(cache_dir=tmp_path / "cache"),
            platforms=[Subdir("win-64"), Subdir("noarch")],
        )
    )
    assert sorted(record.file_name for record in solved) == ["a-1.0-0.conda", "b-1.0-0.conda"]
