"""Records of packages, in every form in which conda, rattler and micromamba write them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from conda_multiplat.machine.prefix_records import (
    complete_records,
    installed,
    owned_metadata,
    read_records,
)
from conda_multiplat.vocabulary.records import CondaRecord

#: Names that look like a record's own text, and what JSON escapes.
FILES = (
    "lib/python3.12/site-packages/thing-1.0.dist-info/METADATA",
    'share/"files": [',
    'share/\n  "sha256": "of a name',
    "share/ünï çødé ✓.txt",
    "share/{}[]],}",
    'share/\\"md5\\": \\"',
)


def _record(files: tuple[str, ...] = FILES, **more: Any) -> dict[str, Any]:
    paths = [
        {
            "_path": name,
            "path_type": "hardlink",
            "sha256": "f" * 64,
            "sha256_in_prefix": "e" * 64,
            "size_in_bytes": 7,
        }
        for name in files
    ]
    return {
        "name": "thing",
        "version": "1.0",
        "build": "py_0",
        "build_number": 0,
        "channel": "https://example.org/chan",
        "depends": ["python >=3.10"],
        "fn": "thing-1.0-py_0.conda",
        "md5": "a" * 32,
        "url": "https://example.org/chan/noarch/thing-1.0-py_0.conda",
        "sha256": "b" * 64,
        "files": list(files),
        "paths_data": {"paths_version": 1, "paths": paths},
        "link": {"source": "/pkgs/thing-1.0-py_0", "type": 1},
        # What a nested value calls like a member of the record.
        "extra": {"name": "other", "sha256": "c" * 64, "files": ["x"], "md5": None},
        **more,
    }


EXPECTED = CondaRecord(
    "thing",
    "1.0",
    "py_0",
    "https://example.org/chan/noarch/thing-1.0-py_0.conda",
    "a" * 32,
    "b" * 64,
)


def _prefix(folder: Path, text: str) -> Path:
    (folder / "conda-meta").mkdir(parents=True, exist_ok=True)
    (folder / "conda-meta" / "thing-1.0-py_0.json").write_bytes(text.encode())
    return folder


def _any_text(record: dict[str, Any], source: random.Random) -> str:
    """A record as some program could write it: keys in any order, any white space."""
    keys = source.sample(list(record), len(record))
    shuffled = {key: record[key] for key in keys}
    text = json.dumps(
        shuffled,
        indent=source.choice([None, 0, 1, 2, 3, 4, "\t", "  \t"]),
        separators=source.choice([(",", ": "), (",", ":"), (" ,", " : ")]),
        ensure_ascii=source.random() < 0.5,
        sort_keys=source.random() < 0.3,
    )
    if source.random() < 0.2:
        text = text.replace("\n", "\r\n")
    return source.choice(["", "", "\ufeff", "\n"]) + text + source.choice(["", "\n"])


@pytest.mark.parametrize("seed", range(150))
def test_any_form_gives_the_same(tmp_path: Path, seed: int) -> None:
    """Neither the order of keys nor the white space changes what a record says."""
    source = random.Random(seed)
    files = tuple(source.sample(FILES, source.randrange(len(FILES) + 1)))
    record = _record(files)
    prefix = _prefix(tmp_path, _any_text(record, source))
    assert installed(prefix) == [EXPECTED]
    (entry,) = read_records(prefix)
    short = ("files", "paths_data")
    assert {key: value for key, value in entry.items() if key not in short} == {
        key: value for key, value in record.items() if key not in short
    }


@pytest.mark.parametrize("indent", [2, 4], ids=["conda and rattler", "micromamba"])
def test_lists_of_files_are_not_parsed(tmp_path: Path, indent: int) -> None:
    """The greater part of a record, which would cost most of the time, is left out."""
    prefix = _prefix(tmp_path, json.dumps(_record(), indent=indent))
    (record,) = read_records(prefix)
    assert (record["files"], record["paths_data"]) == ([], {})


@pytest.mark.parametrize("empty", ["", None])
def test_no_hash_is_none(tmp_path: Path, empty: str | None) -> None:
    """Micromamba writes an empty text for a hash that the channel doesn't have."""
    prefix = _prefix(tmp_path, json.dumps(_record(md5=empty), indent=4))
    assert installed(prefix) == [EXPECTED._replace(md5=None)]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'"name"', b"{}", b'{"name": ""}', b"\x00\x05\x16\x07\xff\xfe Mac OS X"],
)
def test_what_is_no_record_is_left_out(tmp_path: Path, content: bytes) -> None:
    prefix = _prefix(tmp_path, json.dumps(_record(), indent=2))
    (prefix / "conda-meta" / "._thing-1.0-py_0.json").write_bytes(content)
    assert installed(prefix) == [EXPECTED]


def test_metadata_of_python_projects(tmp_path: Path) -> None:
    prefix = _prefix(tmp_path, json.dumps(_record(), indent=2))
    assert owned_metadata(prefix) == {"thing-1.0.dist-info"}


@pytest.mark.parametrize("seed", range(60))
def test_any_form_is_completed(tmp_path: Path, seed: int) -> None:
    """What the package says of itself is added; nothing else is changed, files least of all."""
    package = tmp_path / "pkgs" / "thing"
    (package / "info").mkdir(parents=True)
    index = {"build_number": 3, "noarch": "python", "depends": ["as it was built"]}
    (package / "info" / "index.json").write_text(json.dumps(index), encoding="utf-8")
    source = random.Random(seed)
    record = _record(extracted_package_dir=str(package))
    prefix = _prefix(tmp_path / "prefix", _any_text(record, source))
    complete_records(prefix, {"thing"})
    (path,) = (prefix / "conda-meta").glob("*.json")
    completed = {**record, "build_number": 3, "noarch": "python"}
    assert json.loads(path.read_text(encoding="utf-8-sig")) == completed
    assert installed(prefix) == [EXPECTED]
