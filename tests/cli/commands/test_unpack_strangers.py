"""``unpack`` of what somebody has made to break it: refused, and nothing is written."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR, Package, build_channel
from support.tally import rounds, tallied

Change = Callable[[tarfile.TarFile], object]


@pytest.fixture
def archive(alone: Host, project: Path, tmp_path: Path) -> Path:
    """A good one, of two packages."""
    packages = [
        Package("data", noarch="generic", files={"share/data": b"data\n"}),
        Package("tool", subdir=SUBDIR, depends=["data"], files={"share/tool": b"tool\n"}),
    ]
    channel = build_channel(tmp_path / "channel", packages)
    write(project, channel, "tool", platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    alone.multiplat("pack", "-q", "-o", "good.tar", cwd=project)
    shutil.rmtree(channel)
    return project / "good.tar"


def _members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {member.name: _content(tar, member) for member in tar}


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    assert file is not None
    return file.read()


def _write(path: Path, members: dict[str, bytes], *more: Change) -> Path:
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in members.items():
            _add(tar, name, content)
        for change in more:
            change(tar)
    return path


def _add(tar: tarfile.TarFile, name: str, content: bytes = b"x") -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def _file(name: str) -> Change:
    return lambda tar: _add(tar, name)


def _special(name: str, kind: bytes, target: str = "") -> Change:
    def add(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        tar.addfile(info)

    return add


def _sparse(tar: tarfile.TarFile) -> None:
    """A file of a terabyte that is all holes."""
    info = tarfile.TarInfo("holes")
    info.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "holes",
        "GNU.sparse.realsize": str(1 << 40),
    }
    content = b"1\n1099511627776\n0\n".ljust(512, b"\0")
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


BESIDE = "which clashes with another of its files on some systems"
PATHS = "which is not a path that is valid on every system"
STRANGE = {
    "above": (_file("../above"), PATHS),
    "deep above": (_file("channel/../../above"), PATHS),
    "absolute": (_file("/tmp/absolute"), PATHS),
    "drive": (_file("C:/drive"), PATHS),
    "backslash": (_file("..\\above"), PATHS),
    "control": (_file("a\x1b[2Jb"), PATHS),
    "dots at the end": (_file("pypi./x"), PATHS),
    "device of Windows": (_file("pypi/NUL.txt"), PATHS),
    "wildcard": (_file("pypi/*"), PATHS),
    "half a character": (_file("a\udcffb"), PATHS),
    "part of 300 bytes": (_file("ä" * 150), PATHS),
    "below a file": (_file("README.md/x"), BESIDE),
    "in a folder's place": (_file("Channel"), BESIDE),
    "in a folder of other letters": (_file("Channel/x"), BESIDE),
    "link": (_special("link", tarfile.SYMTYPE, "/etc/passwd"), "which is not a file"),
    "link of a folder": (_special("channel/x", tarfile.SYMTYPE, ".."), "which is not a file"),
    "hard link": (_special("hard", tarfile.LNKTYPE, "/etc/passwd"), "which is not a file"),
    "device": (_special("device", tarfile.CHRTYPE), "which is not a file"),
    "pipe": (_special("pipe", tarfile.FIFOTYPE), "which is not a file"),
    "holes": (_sparse, "which is not a file"),
    "twice": (_file("README.md"), "which is in it twice"),
    "twice on Windows": (_file("readme.MD"), "which is in it twice"),
    "twice on macOS": (
        lambda tar: [_add(tar, name) for name in ("\u00e9", "e\u0301")],
        "which is in it twice",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STRANGE)
def test_no_file_of_its_own_below(alone: Host, archive: Path, tmp_path: Path, name: str) -> None:
    """Nothing of such an archive is believed, and nothing is written outside of our folder."""
    change, reason = STRANGE[name]
    strange = _write(tmp_path / "strange.tar", _members(archive), change)
    before = _tree(tmp_path)
    done = alone.multiplat("unpack", strange, cwd=tmp_path, code=2)
    first, *rest = done.stderr.splitlines()
    assert first.startswith("error: strange.tar can't be unpacked: it has ")
    assert first.endswith(f", {reason}")
    assert rest == ["  nothing was changed"]
    assert _tree(tmp_path) == before
    assert not (alone.envs / "demo").exists()


def _tree(folder: Path) -> set[str]:
    """All there is, but for our folders in the cache."""
    return {
        str(path) for path in folder.rglob("*") if not {"pkgs", "__pycache__"} & set(path.parts)
    }


def _header(size: int) -> bytes:
    """The header of a pax header of that size."""
    info = tarfile.TarInfo("PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, size
    return info.tobuf(tarfile.USTAR_FORMAT)


def _pax(content: bytes) -> bytes:
    """A pax header with that in it."""
    return _header(len(content)) + content.ljust(-(-len(content) // 512) * 512, b"\0")


_SPARSE = b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
_FILE = tarfile.TarInfo("file").tobuf(tarfile.USTAR_FORMAT)
_ANY = tarfile.TarInfo("file")
_ANY.size = 1 << 24
_MAP = _ANY.tobuf(tarfile.USTAR_FORMAT) + b"9999999\n" + b"1\n" * (1 << 23)
_ANY.type, _ANY.size = tarfile.DIRTYPE, -512
_LESS = _ANY.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (_pax(b"9 size=1\n") * 3000 + _FILE, "too many headers before a file"),
        (_pax(b"%s a=b\n" % (b"9" * 40)) + _FILE, "Python int too large"),
        (_pax(_SPARSE) + _MAP, "a header of several megabytes"),
        (_LESS + _FILE, "a file of negative size"),
        (b"no archive at all" * 100, ""),
        (b"\x1f\x8b" + b"compressed" * 100, ""),
        (_header(1 << 32) + b"\0" * (1 << 20), "a header of several megabytes"),
    ],
    ids=["empty", "headers", "length", "map of holes", "less", "text", "gzip", "header"],
)
def test_no_archive(alone: Host, tmp_path: Path, content: bytes, reason: str) -> None:
    """Said of the file, whatever it is."""
    (tmp_path / "strange.tar").write_bytes(content)
    done = alone.multiplat("unpack", "strange.tar", cwd=tmp_path, code=2)
    assert done.stderr.startswith(f"error: strange.tar is not a packed environment: {reason}")
    assert "internal error" not in done.stderr


@pytest.mark.parametrize("part", [0.01, 0.1, 0.5, 0.99])
def test_cut_off(alone: Host, archive: Path, tmp_path: Path, part: float) -> None:
    """A copy that broke off is no environment, wherever it ends."""
    with tarfile.open(archive) as tar:
        last = tar.getmembers()[-1]
    end = last.offset_data + last.size
    (tmp_path / "part.tar").write_bytes(archive.read_bytes()[: int(end * part)])
    done = alone.multiplat("unpack", "part.tar", cwd=tmp_path, code=2)
    assert done.stderr.startswith("error: part.tar is no")
    assert not (alone.envs / "demo").exists()


def _sums(members: dict[str, bytes]) -> dict[str, bytes]:
    """With a list of digests that fits."""
    files = {name: content for name, content in sorted(members.items()) if name != "SHA256SUMS"}
    lines = [f"{hashlib.sha256(text).hexdigest()}  {name}\n" for name, text in files.items()]
    return {**files, "SHA256SUMS": "".join(lines).encode()}


def test_not_as_it_was_packed(alone: Host, archive: Path, tmp_path: Path) -> None:
    """Each file that is altered, missing or too many is named."""
    members = _members(archive)
    del members["conda-" + SUBDIR + ".lock"]
    changed = {**members, "README.md": b"Run this script\n", "more.sh": b"#!/bin/sh\n"}
    done = alone.multiplat("unpack", _write(tmp_path / "other.tar", changed), cwd=tmp_path, code=2)
    old, new = (hashlib.sha256(files["README.md"]).hexdigest() for files in (members, changed))
    assert done.stderr == (
        "error: other.tar is not as it was packed\n"
        f"  README.md: sha256 is {new}, SHA256SUMS has {old}\n"
        f"  conda-{SUBDIR}.lock is missing\n"
        "  more.sh: SHA256SUMS does not list it\n"
    )


def test_other_packages_than_its_lock(alone: Host, archive: Path, tmp_path: Path) -> None:
    """A list of digests that fits does not help: the lock has its own, and those hold."""
    members = _members(archive)
    name = f"channel/{SUBDIR}/tool-1.0-0.conda"
    changed = _sums({**members, name: members["channel/noarch/data-1.0-0.conda"]})
    other = _write(tmp_path / "other.tar", changed)
    done = alone.multiplat("unpack", other, cwd=tmp_path, code=2)
    was, now = (hashlib.sha256(files[name]).hexdigest() for files in (members, changed))
    assert done.stderr == (
        "error: other.tar has packages that differ from its lock\n"
        f"  {name}: sha256 is {now}, the lock has {was}\n"
        "  nothing was changed\n"
    )
    del changed[name]
    other = _write(tmp_path / "other.tar", _sums(changed))
    done = alone.multiplat("unpack", other, cwd=tmp_path, code=2)
    assert f"  {name} is missing\n" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 2}, "its layout has version 2; this conda-multiplat reads version 1"),
        ({"lock": "../conda-lock.yml"}, "it has no project/../conda-lock.yml"),
        ({"manifest": ["/etc/passwd"]}, "it has no project//etc/passwd"),
        ({"manifest": []}, "it names no manifest"),
        ({"environment": 7}, "its environment, platform, lock or manifest is not text"),
        ({"environment": "other"}, "its manifest has no environment 'other'"),
        ({"platform": "osx-64"}, "its lock has nothing for osx-64"),
        ({"lock": "environment.yml"}, "environment.yml is not its manifest's lock"),
    ],
)
def test_what_it_says_of_itself(
    alone: Host, archive: Path, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    """Wrong values, wherever they are."""
    members = _members(archive)
    data = {**json.loads(members["multiplat-pack.json"]), **change}
    members["multiplat-pack.json"] = json.dumps(data).encode()
    other = _write(tmp_path / "other.tar", _sums(members))
    done = alone.multiplat("unpack", other, cwd=tmp_path, code=2)
    assert done.stderr == (
        f"error: other.tar is not a packed environment: {reason}\n"
        "  nothing was changed\n"
        "  `conda multiplat pack` makes such files\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("form", ["archive", "folder"])
@pytest.mark.parametrize("line", ["-r", "-c", "-e"])
def test_files_of_this_machine(
    alone: Host, archive: Path, tmp_path: Path, line: str, form: str
) -> None:
    """A manifest that names files of who unpacks it reads none, in a repository of theirs too."""
    secret = "password=hunter2 !"
    for folder in (alone.home, tmp_path):
        (folder / ".git").mkdir()
        (folder / "pyproject.toml").write_text(f"[project]\nname = '{secret}'\n", "utf-8")
        (folder / "requirements.txt").write_text(f"{secret}\n", "utf-8")
    members = _members(archive)
    file = "" if line == "-e" else "/requirements.txt"
    above = ["/".join([".."] * count) for count in range(1, 8)]
    entries = "".join(f"      - {line} {parents}{file}\n" for parents in above)
    members["project/environment.yml"] = members["project/environment.yml"].replace(
        b"dependencies:\n", f"dependencies:\n  - pip:\n{entries}".encode()
    )
    other = _write(tmp_path / "other.tar", _sums(members))
    if form == "folder":
        with tarfile.open(other) as tar:
            tar.extractall(tmp_path / "other", filter="data")
        other = tmp_path / "other"
    done = alone.multiplat("unpack", other, cwd=tmp_path, code=None)
    assert "hunter2" not in done.stderr + done.stdout
    if line != "-e":  # nothing is said of a project that nobody can read
        assert done.returncode == 2
        assert f"is not in {other.name}" in done.stderr


def test_pixi_packs_own(alone: Host, archive: Path, tmp_path: Path) -> None:
    """One without a lock has nothing that its packages could be held against."""
    members = _members(archive)
    kept = ("channel/", "environment.yml", "pixi-pack.json")
    theirs = {name: text for name, text in members.items() if name.startswith(kept)}
    done = alone.multiplat(
        "unpack", _write(tmp_path / "environment.tar", theirs), cwd=tmp_path, code=2
    )
    assert done.stderr.startswith(
        "error: environment.tar is not a packed environment: it has no SHA256SUMS\n"
    )


def test_edited_lock(alone: Host, archive: Path, tmp_path: Path) -> None:
    """A lock that is not as it was written is refused as anywhere."""
    members = _members(archive)
    lock = members["project/conda-lock.yml"].replace(b"version: '1.0'", b"version: '1.1'")
    assert lock != members["project/conda-lock.yml"]
    members["project/conda-lock.yml"] = lock
    other = _write(tmp_path / "other.tar", _sums(members))
    done = alone.multiplat("unpack", other, cwd=tmp_path, code=2)
    assert "conda-lock.yml is not as it was written" in done.stderr


@pytest.mark.slow
def test_cache_is_not_poisoned(alone: Host, archive: Path, tmp_path: Path) -> None:
    """Another package of the same name, version and build serves nobody but who has locked it."""
    tool = Package("tool", subdir=SUBDIR, files={"share/tool": b"another tool\n"})
    channel = build_channel(tmp_path / "theirs", [tool])
    folder = tmp_path / "stranger"
    folder.mkdir()
    write(folder, channel, "tool", platforms=f"[{SUBDIR}]", name="stranger")
    alone.multiplat("lock", "-q", cwd=folder)
    alone.multiplat("pack", "-q", "-o", "bad.tar", cwd=folder)
    alone.multiplat("unpack", "-q", "bad.tar", cwd=folder)
    alone.multiplat("unpack", "-q", archive, cwd=tmp_path)
    read = [(alone.envs / name / "share/tool").read_bytes() for name in ("stranger", "demo")]
    assert read == [b"another tool\n", b"tool\n"]


@pytest.mark.slow
@pytest.mark.faults
def test_any_bytes(
    request: pytest.FixtureRequest, alone: Host, archive: Path, tmp_path: Path
) -> None:
    """Whatever is changed: it is said, or nothing has changed by it; it is no mistake of ours."""
    content = archive.read_bytes()
    before = _tree(tmp_path)
    with tallied(request, "archives of any bytes, unpack") as tally:
        for number in range(rounds(24)):
            changed = bytearray(content)
            start = tally.random.randrange(len(content))
            for place in range(start, min(len(content), start + tally.random.choice([1, 9, 600]))):
                changed[place] = tally.random.choice([0, 0x2F, 0x2E, tally.random.randrange(256)])
            other = tmp_path / "other.tar"
            other.write_bytes(changed)
            with tally.attempt(f"number {number}, from byte {start}"):
                done = alone.multiplat("unpack", "--dry-run", "other.tar", cwd=tmp_path, code=None)
                assert done.returncode in (0, 1, 2, 3), done
                assert "internal error" not in done.stderr
                assert (done.returncode == 0) == (" is as it was packed: 2 pac" in done.stderr)
            other.unlink()
    assert _tree(tmp_path) == before
