"""A channel's repodata as shards (CEP 16), from plain repodata."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import zstandard

_HASHES = ("md5", "sha256")


def to_shards(channel: Path) -> None:
    """Replace a channel's plain repodata by shards: one file for each package, and an index."""
    for plain in channel.glob("*/repodata.json"):
        repodata = json.loads(plain.read_text(encoding="utf-8"))
        for file in plain.parent.glob("repodata.json*"):
            file.unlink()
        _write(plain.parent, repodata)


def _write(folder: Path, repodata: Mapping[str, Any]) -> None:
    names = sorted({record["name"] for _, record in _records(repodata)})
    index: dict[str, bytes] = {}
    (folder / "shards").mkdir()
    for name in names:
        data = _compressed(_only(name, repodata))
        index[name] = hashlib.sha256(data).digest()
        (folder / "shards" / f"{index[name].hex()}.msgpack.zst").write_bytes(data)
    info = {**repodata["info"], "base_url": "", "shards_base_url": "./shards/"}
    head = {"version": 1, "info": info, "shards": index}
    (folder / "repodata_shards.msgpack.zst").write_bytes(_compressed(head))


def _sections(repodata: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """All mappings of file names to records."""
    plain = {name: repodata.get(name, {}) for name in ("packages", "packages.conda")}
    return {**plain, **{f"v3 {kind}": records for kind, records in repodata.get("v3", {}).items()}}


def _records(repodata: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [item for section in _sections(repodata).values() for item in section.items()]


def _only(name: str, repodata: Mapping[str, Any]) -> dict[str, Any]:
    shard: dict[str, Any] = {"removed": [], "v3": {}}
    for section, records in _sections(repodata).items():
        own = {
            file: {key: bytes.fromhex(v) if key in _HASHES else v for key, v in record.items()}
            for file, record in records.items()
            if record["name"] == name
        }
        version, _, kind = section.partition(" ")
        (shard["v3"] if kind else shard)[kind or version] = own
    return shard


def _compressed(value: Any) -> bytes:
    return zstandard.ZstdCompressor().compress(_packed(value))


def _packed(value: Any) -> bytes:
    """MessagePack of plain values, each in a form that has room for all of its kind."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return b"\xcf" + struct.pack(">Q", value)
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    if isinstance(value, str):
        data = value.encode()
        return b"\xdb" + struct.pack(">I", len(data)) + data
    if isinstance(value, Mapping):
        items = (_packed(key) + _packed(item) for key, item in value.items())
        return b"\xdf" + struct.pack(">I", len(value)) + b"".join(items)
    assert isinstance(value, Sequence)
    return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(_packed, value))
