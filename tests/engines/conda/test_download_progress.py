"""How much repodata has arrived in rattler's cache."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from conda_multiplat.engines.conda.download_progress import Arriving
from conda_multiplat.solving.outcomes import Arrived

FORGE, BIO = "https://example.com/forge", "https://example.com/bio"
CHANNELS = {
    f"{FORGE}/linux-64": "forge",
    f"{FORGE}/noarch": "forge",
    f"{BIO}/linux-64": "bio",
}
NOTHING = Arrived(0, {})


def _repodata(subdir: str) -> bytes:
    return json.dumps({"info": {"subdir": subdir}, "packages": {}}).encode()


def _name(url: str) -> str:
    return hashlib.md5(url.encode()).hexdigest()[:8]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"packages": {}, "info": {"subdir": "linux-64"}}',
        b'{"info": {"subdir": "osx-arm64"}}',
        b'{"info": {"base_url": "\xff\x00", "subdir": 1}}',
        b"\x1b[2J" * 400,
    ],
    ids=range(6),
)
def test_part_of_who_knows_what(tmp_path: Path, content: bytes) -> None:
    """A download of unknown platform counts without a name; a foreign one is ignored."""
    arriving = Arriving(tmp_path, CHANNELS)
    (tmp_path / ".tmpA").write_bytes(content)
    others = b"osx-arm64" in content
    assert arriving.look() == Arrived(0 if others else len(content), {})


def test_one_channel_after_another(tmp_path: Path) -> None:
    """A platform of two channels is named with its channel once only one is left."""
    arriving = Arriving(tmp_path, CHANNELS)
    assert arriving.look() == NOTHING
    part = _repodata("linux-64")
    (tmp_path / ".tmpA").write_bytes(part)
    assert arriving.look() == Arrived(len(part), {"linux-64": len(part)})
    (tmp_path / f"{_name(f'{BIO}/linux-64')}.json").write_bytes(part)
    assert arriving.look() == Arrived(2 * len(part), {"forge/linux-64": len(part)})
    (tmp_path / ".tmpA").unlink()
    assert arriving.look() == Arrived(len(part), {})


def test_what_was_there(tmp_path: Path) -> None:
    """Files that were in the cache before don't count, nor others that were not requested."""
    names = ["shards-v1", f"{_name(f'{FORGE}/noarch')}.json", ".tmpOLD"]
    (tmp_path / names[0]).mkdir()
    for name in (f"{names[0]}/0a", *names[1:]):
        (tmp_path / name).write_bytes(_repodata("noarch"))
    arriving = Arriving(tmp_path, CHANNELS)
    (tmp_path / f"{_name('https://example.com/other/noarch')}.json").write_bytes(b"{}")
    assert arriving.look() == NOTHING
    (tmp_path / names[1]).write_bytes(b"{ }")
    (tmp_path / "shards-v1/0b").write_bytes(b"abc")
    (tmp_path / "shards-v1/.tmpB").write_bytes(b"abcd")
    assert arriving.look() == arriving.look() == Arrived(6, {})


def test_index_of_shards(tmp_path: Path) -> None:
    """An index counts without its header; a note that there is none counts as nothing."""
    arriving = Arriving(tmp_path, CHANNELS)
    file = tmp_path / f"{_name(f'{FORGE}/noarch/repodata_shards.msgpack.zst/')}.shards-cache-v1"
    head = b"SHARD-CACHE-V1" + (3).to_bytes(4, "little")
    contents = {b"": 0, b"SHARD": 0, head: 0, head + b"abc": 0, head + b"abcindex": 5}
    for content, size in contents.items():
        file.write_bytes(content)
        assert arriving.look() == Arrived(size, {})


def test_no_folder(tmp_path: Path) -> None:
    """A cache that is missing or disappears counts as empty."""
    arriving = Arriving(tmp_path / "none", CHANNELS)
    assert arriving.look() == NOTHING


def test_no_files(tmp_path: Path) -> None:
    """A pipe or a folder with such a name is not opened, and not counted."""
    looked = Arriving(tmp_path, CHANNELS)
    (tmp_path / ".tmpfolder").mkdir()
    os.mkfifo(tmp_path / ".tmppipe")
    os.mkfifo(tmp_path / f"{_name(f'{FORGE}/noarch')}.json")
    assert looked.look() == NOTHING


@pytest.mark.parametrize(("cost", "rests"), [(0.01, False), (0.5, True)])
def test_costly_look(tmp_path: Path, cost: float, rests: bool) -> None:
    """A slow look is not repeated immediately: it would take time from the solver."""
    clock = [0.0]
    work = iter(cost * number for number in range(100))
    looked = Arriving(tmp_path, CHANNELS, now=lambda: clock[0], worked=lambda: next(work))
    assert looked.look() == NOTHING
    (tmp_path / f"{_name(f'{FORGE}/noarch')}.json").write_bytes(b"12345")
    arrived = Arrived(5, {})
    assert looked.look() == (NOTHING if rests else arrived)
    clock[0] = 10 * cost
    assert looked.look() == arrived
