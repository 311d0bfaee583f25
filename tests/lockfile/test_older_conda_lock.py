"""Locks of other tools that are not in CEP 37's form are read as conda-lock reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.conda_lock_says import conda_lock_says
from support.hosts import Host

from conda_multiplat.lockfile.model import LockFile
from conda_multiplat.lockfile.read import read_lock
from conda_multiplat.vocabulary.errors import LockFileError

CASES = Path(__file__).parents[1] / "cases"
PACKAGE = {
    "name": "zlib",
    "version": "1.3.1",
    "manager": "conda",
    "platform": "linux-64",
    "dependencies": {},
    "url": "https://conda.example/forge/linux-64/zlib-1.3.1-h0_0.conda",
    "hash": {"sha256": "0" * 63 + "1"},
    "category": "main",
    "optional": False,
}
GLIBC = {
    **PACKAGE,
    "name": "__glibc",
    "version": "2.17",
    "url": "file:///tmp/fake/linux-64/__glibc-2.17-0.tar.bz2",
}
METADATA = {
    "content_hash": {"linux-64": "0" * 64},
    "channels": ["forge"],
    "platforms": ["linux-64"],
    "sources": ["environment.yml"],
}


def _read(metadata: object, packages: object, *, quoted: bool = True) -> LockFile:
    data = {"metadata": metadata, "package": packages}
    text = yaml.safe_dump(data, sort_keys=False)
    return read_lock(text if quoted else text.replace("'", ""), "f")


def test_before_1_0() -> None:
    """Channels can be texts, `version` can be missing, and one digest can be for all platforms."""
    lock = _read({**METADATA, "content_hash": "0" * 64}, [PACKAGE])
    assert [channel.url for channel in lock.channels] == ["forge"]
    assert lock.platforms["linux-64"].content_hash == "0" * 64
    assert lock.intact
    assert [record.name for record in lock.platforms["linux-64"].records] == ["zlib"]


def test_what_can_be_told_otherwise() -> None:
    """Missing platforms are those of the packages; nothing else is needed."""
    lock = _read({"custom_metadata": {}}, [PACKAGE, {**PACKAGE, "platform": "osx-64"}])
    assert (list(lock.platforms), lock.sources, lock.channels) == (["linux-64", "osx-64"], (), ())


def test_virtual_packages_are_no_packages() -> None:
    """A `__glibc` record is a promise, and not a package to install."""
    lock = _read(METADATA, [GLIBC, PACKAGE])
    assert [record.name for record in lock.platforms["linux-64"].records] == ["zlib"]


@pytest.mark.parametrize(
    ("key", "value"),
    [("sha256", "1" * 64), ("md5", "0" * 31 + "1"), ("md5", "1" * 28 + "e123"), ("md5", "0" * 32)],
)
def test_hashes_that_look_like_numbers(key: str, value: str) -> None:
    """A hash without quotes is read as text."""
    package = {**PACKAGE, "hash": {key: value}, "version": "1.10"}
    (record,) = _read(METADATA, [package], quoted=False).platforms["linux-64"].records
    assert (getattr(record, key), record.version) == (value, "1.10")


@pytest.mark.slow
def test_read_as_conda_lock_reads(tmp_path: Path) -> None:
    """We read from these forms what conda-lock reads."""
    hashed = [
        {**package, "platform": subdir, "hash": {"md5": digit * 32}}
        for subdir in ("linux-64", "osx-64")
        for package, digit in ((PACKAGE, "a"), ({**GLIBC, "source": None}, "b"))
    ]
    hashes = {"linux-64": "0", "osx-64": "1"}
    metadata = {**METADATA, "content_hash": hashes, "platforms": list(hashes)}
    file = tmp_path / "conda-lock.yml"
    data = {"version": 1, "metadata": metadata, "package": hashed}
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    lock = read_lock(file.read_text(encoding="utf-8"), "f")
    ours = [
        [record.name, record.version, subdir, record.url, record.md5]
        for subdir, locked in lock.platforms.items()
        for record in locked.records
    ]
    assert conda_lock_says("packages", str(file)) == ours


@pytest.mark.parametrize(
    ("metadata", "packages", "problems"),
    [
        (
            METADATA,
            [{"name": "a", "version": "1"}, "b", {**PACKAGE, "hash": ["x"]}],
            [
                "manager is missing; it must be text",
                "platform is missing; it must be text",
                "url is missing; it must be text",
                "an entry of package is text, not a mapping",
                "hash is a list, not a mapping",
            ],
        ),
        (METADATA, {"a": 1}, ["package is a mapping, not a list"]),
        (
            {**METADATA, "channels": [["x"]]},
            [PACKAGE],
            ["an entry of channels is a list, not a mapping"],
        ),
    ],
)
def test_problems(metadata: object, packages: object, problems: list[str]) -> None:
    """All problems are reported in the words of the format, not of Python."""
    with pytest.raises(LockFileError) as raised:
        _read(metadata, packages)
    assert [problem.message for problem in raised.value.problems] == problems
    assert all(problem.location.line for problem in raised.value.problems)


def test_old_lock_is_of_use(alone: Host, project: Path) -> None:
    """`list`, `check`, `render` and `import` accept it like any other tool's lock."""
    for file in (CASES / "old-conda-lock").iterdir():
        (project / file.name).write_bytes(file.read_bytes())
    (alone.home / ".condarc").write_text("channel_alias: https://conda.example\n", encoding="utf-8")
    assert "zlib  1.3.1" in alone.multiplat("list", cwd=project).stdout
    assert "another tool locked it" in alone.multiplat("check", cwd=project).stdout
    alone.multiplat("render", "--kind", "explicit", cwd=project)
    text = (project / "conda-linux-64.lock").read_text(encoding="utf-8")
    assert "https://conda.example/conda-forge/linux-64/zlib-1.3.1-h0_0.conda" in text
    done = alone.multiplat("import", "conda-lock.yml", "--dry-run", cwd=project)
    assert done.stdout.endswith(
        "channels:\n  - conda-forge\nplatforms:\n  - linux-64\ndependencies:\n  - zlib >=1.3.1\n"
    )


def test_two_arches(alone: Host, project: Path) -> None:
    """A processor's name beside a GPU's distinguishes two files, each with its promise."""
    files = sorted((CASES / "two-arches").iterdir())
    alone.multiplat("import", *files, cwd=project)
    text = (project / "environment.yml").read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    assert data["platforms"] == ["linux-aarch64", "linux-64"]
    promise = {"cuda": "12.9"}
    promises = {"linux-aarch64": promise, "linux-64": promise}
    assert data["multiplat"] == {"virtual-packages": promises}
    assert "  - gcc_linux-aarch64=14.*  # [aarch64]\n" in text
