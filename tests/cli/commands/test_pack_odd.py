"""``pack`` of packages that are called, packed or locked otherwise than most."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from conda_package_handling import api  # type: ignore[import-untyped]
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel, python_package
from support.pypi_index import Index
from support.server import serve

ARCHIVE = f"demo.{SUBDIR}.tar"


def _as_tar_bz2(channel: Path, subdir: str, name: str) -> None:
    """Have a package of a channel in the old format instead."""
    folder = channel / subdir
    (folder / "repodata.json.zst").unlink()
    data: dict[str, Any] = json.loads((folder / "repodata.json").read_text(encoding="utf-8"))
    entry = data["packages.conda"].pop(f"{name}.conda")
    api.transmute(str(folder / f"{name}.conda"), ".tar.bz2", out_folder=str(folder))
    (folder / f"{name}.conda").unlink()
    content = (folder / f"{name}.tar.bz2").read_bytes()
    entry["sha256"] = hashlib.sha256(content).hexdigest()
    entry["md5"] = hashlib.md5(content, usedforsecurity=False).hexdigest()
    data["packages"][f"{name}.tar.bz2"] = {**entry, "size": len(content)}
    (folder / "repodata.json").write_text(json.dumps(data), encoding="utf-8")


def test_names_and_formats(conda: Host, alone: Host, project: Path, tmp_path: Path) -> None:
    """Epochs, local versions, underscores, and the format of before `.conda`."""
    packages = [
        Package("_mutex", "1!2.0+local.1", "h_0", SUBDIR, files={"share/mutex": b"mutex\n"}),
        Package("old", noarch="generic", depends=["_mutex"], files={"share/old": b"old\n"}),
    ]
    channel = build_channel(tmp_path / "channel", packages)
    _as_tar_bz2(channel, "noarch", "old-1.0-0")
    write(project, channel, "old", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("pack", "-q", cwd=project)
    folder = tmp_path / "there"
    folder.mkdir()
    subprocess.run(["tar", "-xf", project / ARCHIVE], cwd=folder, check=True)
    data = json.loads((folder / "channel/noarch/repodata.json").read_text(encoding="utf-8"))
    assert list(data["packages"]) == ["old-1.0-0.tar.bz2"]
    assert data["packages"]["old-1.0-0.tar.bz2"]["depends"] == ["_mutex"]
    alone.multiplat("unpack", "-q", ARCHIVE, cwd=project)
    explicit = ("create", "-y", "--offline", "-p", tmp_path / "plain")
    conda.run(*explicit, "--file", f"conda-{SUBDIR}.lock", cwd=folder)
    solved = ("env", "create", "--offline", "-p", tmp_path / "solved")
    conda.run(*solved, "--file", "environment.yml", cwd=folder)
    for prefix in (alone.envs / "demo", tmp_path / "plain", tmp_path / "solved"):
        share = prefix / "share"
        assert (share / "old").read_bytes() + (share / "mutex").read_bytes() == b"old\nmutex\n"


def test_lock_of_another_tool(alone: Host, project: Path, tmp_path: Path) -> None:
    """One that says nothing of us, as conda-lock writes it, goes as it is."""
    data = Package("data", noarch="generic", files={"share/data": b"data\n"})
    channel = build_channel(tmp_path / "channel", [data])
    write(project, channel, "data", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    file = project / "conda-lock.yml"
    lock = yaml.safe_load(file.read_text(encoding="utf-8"))
    lock["metadata"]["custom_metadata"] = {}
    file.write_text(yaml.safe_dump(lock), encoding="utf-8")
    alone.multiplat("pack", "-q", cwd=project)
    alone.multiplat("unpack", "-q", ARCHIVE, cwd=project)
    kept = alone.envs / "demo/conda-meta/packed/conda-lock.yml"
    assert kept.read_bytes() == file.read_bytes()
    look = ("list", "--installed", "--exit-code", "-n", "demo")
    alone.multiplat(*look, cwd=tmp_path)


def test_channel_by_its_path(alone: Host, project: Path, tmp_path: Path) -> None:
    """A folder beside the manifest need not be where it is unpacked."""
    data = Package("data", noarch="generic", files={"share/data": b"data\n"})
    build_channel(project / "channel", [data])
    write(project, "./channel", "data", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("pack", "-q", "-o", tmp_path / "demo.tar", cwd=project)
    (project / "channel").rename(project / "gone")
    alone.multiplat("unpack", "-q", "demo.tar", cwd=tmp_path)
    look = ("list", "--installed", "--exit-code", "-n", "demo")
    alone.multiplat(*look, cwd=tmp_path)


@pytest.mark.slow
def test_again_after_an_update(alone: Host, project: Path, tmp_path: Path) -> None:
    """What the archive of before has is fetched no more; what it has of others is no help."""
    index = Index(tmp_path / "served")
    index.wheel("robot")
    channel = tmp_path / "served" / "chan"
    names = ("data", "tool", "third")
    build_channel(channel, [python_package(), *(_noarch(name, "1.0") for name in names)])
    with serve(tmp_path / "served") as server:
        pip = f"pip:\n      - --index-url {server.url}/simple\n      - robot"
        url = f"{server.url}/chan"
        write(project, url, "python", *names, pip, platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", "-q", cwd=project)
        alone.multiplat("pack", "-q", cwd=project)
        packages = [_noarch(name, version) for name in names for version in ("1.0", "2.0")]
        build_channel(channel, [python_package(), *packages])
        alone.multiplat("clean", "-q", cwd=project, code=None)
        alone.multiplat("lock", "-q", "--update", "tool", cwd=project)
        server.seen.clear()
        alone.multiplat("pack", "-q", cwd=project)
        assert [path for path in server.seen if path.endswith((".conda", ".whl"))] == [
            "/chan/noarch/tool-2.0-0.conda"
        ]
        altered = bytearray((project / ARCHIVE).read_bytes())
        start = altered.index(b"third-1.0-0.conda\0") + 1024
        altered[start : start + 100] = b"x" * 100
        (project / ARCHIVE).write_bytes(altered)
        server.seen.clear()
        before = alone.json("pack", cwd=project)["archives"][0]["sha256"]
        assert [path for path in server.seen if path.endswith((".conda", ".whl"))] == [
            "/chan/noarch/third-1.0-0.conda"
        ]
        (project / ARCHIVE).write_bytes(b"no archive")
        assert alone.json("pack", cwd=project)["archives"][0]["sha256"] == before


def _noarch(name: str, version: str) -> Package:
    files = {f"share/{name}": f"{name} {version}\n".encode()}
    return Package(name, version, noarch="generic", files=files)


def test_sizes_of_every_package(alone: Host, project: Path, tmp_path: Path) -> None:
    """What an archive will have is known before."""
    content = random.Random(1).randbytes(300_000)
    channel = build_channel(tmp_path / "channel", [Package("big", files={"share/big": content})])
    write(project, channel, "big", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    size = next((channel / "noarch").glob("*.conda")).stat().st_size
    done = alone.multiplat("pack", "--dry-run", cwd=project)
    words = f"{size / 1000:.1f} kB"
    total = f"1 package of default/{SUBDIR} (download size {words})"
    assert done.stderr == f" would write {ARCHIVE}: {total}\n"


def test_md5_of_a_wheel(alone: Host, project: Path, tmp_path: Path) -> None:
    """Other tools lock it beside the SHA-256; it has to be right for both commands."""
    index = Index(tmp_path / "served")
    wheel = index.wheel("robot")
    channel = build_channel(tmp_path / "channel", [python_package()])
    with serve(tmp_path / "served") as server:
        pip = f"pip:\n      - --index-url {server.url}/simple\n      - robot"
        write(project, channel, "python", pip, platforms=f"[{SUBDIR}]")
        alone.multiplat("lock", "-q", cwd=project)
        right = hashlib.md5(wheel.read_bytes(), usedforsecurity=False).hexdigest()
        _with_md5(project / "conda-lock.yml", "0" * 32)
        done = alone.multiplat("pack", cwd=project, code=3)
        assert (
            f"robot-1.0-py3-none-any.whl: md5 is {right}, the lock has {'0' * 32}\n" in done.stderr
        )
        _with_md5(project / "conda-lock.yml", right)
        alone.multiplat("pack", "-q", cwd=project)
    folder = tmp_path / "there"
    folder.mkdir()
    subprocess.run(["tar", "-xf", project / ARCHIVE], cwd=folder, check=True)
    _with_md5(folder / "project/conda-lock.yml", "0" * 32)
    names = [
        line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines()
    ]
    sums = (f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in names)
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    done = alone.multiplat("unpack", folder, cwd=tmp_path, code=2)
    assert done.stderr == (
        "error: there has packages that differ from its lock\n"
        f"  pypi/robot-1.0-py3-none-any.whl: md5 is {right}, the lock has {'0' * 32}\n"
        "  nothing was changed\n"
    )


def _with_md5(file: Path, md5: str) -> None:
    """A lock as another tool makes it."""
    lock = yaml.safe_load(file.read_text(encoding="utf-8"))
    lock["metadata"]["custom_metadata"] = {}
    for package in lock["package"]:
        if package["manager"] == "pip":
            package["hash"]["md5"] = md5
    file.write_text(yaml.safe_dump(lock), encoding="utf-8")


def test_manifest_without_a_name(alone: Host, project: Path, tmp_path: Path) -> None:
    """The archive is called after the environment; where to unpack it has to be said."""
    channel = build_channel(tmp_path / "channel", [_noarch("data", "1.0")])
    path = write(project, channel, "data", platforms=f"[{SUBDIR}]")
    text = path.read_text(encoding="utf-8").replace("name: demo\n", "")
    path.write_text(text, encoding="utf-8")
    alone.multiplat("lock", "-q", cwd=project)
    done = alone.multiplat("pack", cwd=project)
    file = f"default.{SUBDIR}.tar"
    assert done.stderr.endswith(f" next: conda multiplat unpack {file} -n NAME\n")
    done = alone.multiplat("unpack", file, cwd=project, code=2)
    assert done.stderr == (
        "error: the packed environment has no name\n  say which: -n NAME or -p PREFIX\n"
    )
    alone.multiplat("unpack", file, "-n", "own", cwd=project)
    alone.multiplat("list", "--installed", "--exit-code", "-n", "own", cwd=tmp_path)
