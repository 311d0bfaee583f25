"""Somebody else's lock, installed where only a mirror of PyPI can be reached."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
import yaml
from support.hosts import Host
from support.manifests import write
from support.packages import PYTHON, SUBDIR
from support.pypi_index import Index
from support.server import Rules, serve

from conda_multiplat.lockfile.read import read_lock
from conda_multiplat.lockfile.write import render
from conda_multiplat.vocabulary.records import PypiRecord


def _by_digest(root: Path) -> None:
    """Keep an index's files as PyPI does, by their digests."""
    for page in (root / "simple").glob("*/index.html"):
        text = page.read_text(encoding="utf-8")
        for file in (root / "files").iterdir():
            name = hashlib.blake2b(file.read_bytes(), digest_size=32).hexdigest()
            place = f"packages/{name[:2]}/{name[2:4]}/{name[4:]}/{file.name}"
            (root / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, root / place)
            text = text.replace(f"../../files/{file.name}", f"../../{place}")
        page.write_text(text, encoding="utf-8")
    shutil.rmtree(root / "files")


def _lock(host: Host, project: Path, channel: Path, index: Rules, *lines: str) -> list[str]:
    """Lock by a mirror or PyPI itself, and the URLs that were locked."""
    listed = "pip:\n" + "\n".join(f"      - {line}" for line in lines)
    write(project, channel, "python", listed, platforms=f"[{SUBDIR}]")
    host.multiplat("lock", cwd=project, env=_mirror(index))
    data = yaml.safe_load((project / "conda-lock.yml").read_text(encoding="utf-8"))
    return [package["url"] for package in data["package"] if package["manager"] == "pip"]


def _mirror(index: Rules) -> dict[str, str]:
    return {"CONDA_MULTIPLAT_PYPI_INDEX": f"{index.url}/simple"}


@pytest.fixture
def pypi(tmp_path: Path) -> Index:
    """PyPI: a wheel that there is for several Pythons, and a source archive beside a wheel."""
    index = Index(tmp_path / "pypi")
    index.wheel("purely")
    ours = "cp" + "".join(PYTHON.split(".")[:2])
    for tag in (f"{ours}-abi3-manylinux_2_17_x86_64", f"{ours}-{ours}-manylinux_2_28_x86_64"):
        index.wheel("native", "2.0", tag)
    index.wheel("native", "2.0", "cp39-cp39-manylinux_2_28_x86_64")
    index.wheel("built")
    index.sdist("built")
    shutil.copytree(index.root, tmp_path / "mirror")
    _by_digest(index.root)
    return index


def test_install_through_a_mirror(
    alone: Host, project: Path, tmp_path: Path, real_channel: Path, pypi: Index
) -> None:
    """The same files come from the mirror, whatever its URLs; PyPI is not asked."""
    lines = ("purely", "native", "built", "--no-binary built")
    with serve(pypi.root) as server:
        urls = _lock(alone, project, real_channel, server, *lines)
    assert ["/packages/" in url for url in urls] == [True, True, True]
    with serve(tmp_path / "mirror") as mirror:
        alone.multiplat("install", cwd=project, env=_mirror(mirror))
        fetched = {path.rsplit("/", 1)[-1] for path in mirror.seen if path.startswith("/files/")}
        assert alone.multiplat("install", cwd=project, env=_mirror(mirror)).stdout == ""
    assert fetched >= {"purely-1.0-py3-none-any.whl", "built-1.0.tar.gz"}
    assert "built-1.0-py3-none-any.whl" not in fetched
    (folder,) = alone.envs.glob("demo/lib/*/site-packages")
    assert "-manylinux_2_28" in (folder / "native.py").read_text(encoding="utf-8")
    assert "'built'" in (folder / "built.py").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("at", ["PyPI", "a mirror"])
@pytest.mark.parametrize("wrong", ["", "native", "built"])
def test_md5(
    alone: Host, project: Path, tmp_path: Path, real_channel: Path, pypi: Index, at: str, wrong: str
) -> None:
    """An MD5 beside the SHA-256 is right, of a wheel and of what is built, wherever it is from."""
    path = project / "conda-lock.yml"
    with serve(pypi.root) as server, serve(tmp_path / "mirror") as mirror:
        _lock(alone, project, real_channel, server, "native", "built", "--no-binary built")
        lock = read_lock(path.read_text(encoding="utf-8"), path.name)
        (subdir, platform), *_ = lock.platforms.items()
        records = tuple(_with_md5(record, pypi.root, wrong) for record in platform.pypi)
        platforms = {subdir: platform._replace(pypi=records)}
        path.write_text(render(lock._replace(platforms=platforms)), encoding="utf-8")
        index = server if at == "PyPI" else mirror
        code = 3 if wrong else 0
        done = alone.multiplat("install", cwd=project, env=_mirror(index), code=code)
    assert ("the lock has 00000000000000000000000000000000" in done.stderr) == bool(wrong)
    assert bool(list(alone.envs.glob("demo"))) != bool(wrong)


def _with_md5(record: PypiRecord, root: Path, wrong: str) -> PypiRecord:
    (file,) = root.glob(f"packages/*/*/*/{record.url.rpartition('/')[2]}")
    md5 = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
    return record._replace(md5="0" * 32 if record.name == wrong else md5)


@pytest.mark.parametrize("trouble", ["another file", "no such package"])
def test_mirror_that_is_none(
    alone: Host, project: Path, tmp_path: Path, real_channel: Path, pypi: Index, trouble: str
) -> None:
    """What is not there, or is not the file that was locked, is an error that names the mirror."""
    with serve(pypi.root) as server:
        _lock(alone, project, real_channel, server, "purely")
    other = Index(tmp_path / "other")
    if trouble == "another file":
        other.wheel("purely", more={"site-packages/evil.py": ""})
    with serve(other.root) as mirror:
        done = alone.multiplat("install", cwd=project, env=_mirror(mirror), code=3)
        wrong = {
            "another file": "Hash mismatch for `purely==1.0`",
            "no such package": "purely was not found in the package registry",
        }
        assert wrong[trouble] in done.stderr
        hint = f"{mirror.url}/simple replaces PyPI on this machine: it must have the locked files\n"
        assert hint in done.stderr
    assert not list(alone.envs.glob("demo/**/purely.py"))


@pytest.mark.slow
def test_indexes_of_the_manifest_are_asked_themselves(
    alone: Host, project: Path, tmp_path: Path, real_channel: Path, pypi: Index
) -> None:
    """Files of an index that the manifest names come from there, beside a mirror too."""
    empty = Index(tmp_path / "empty")
    with serve(pypi.root) as ours, serve(empty.root) as mirror:
        for option in ("--extra-index-url", "--index-url"):
            line = f"{option} {ours.url}/simple"
            assert ours.url in _lock(alone, project, real_channel, mirror, line, "purely")[0]
            prefix = tmp_path / option
            alone.multiplat("install", "-p", prefix, cwd=project, env=_mirror(mirror))
            assert list(prefix.glob("lib/*/site-packages/purely.py"))
