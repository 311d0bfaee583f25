"""What is seen of an extracted package that is not as it was packed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from conda_multiplat.machine import extracted_package
from conda_multiplat.machine.extracted_package import documents_digest, fault, refusal

IDENTITY = ("p", "1.0", "0")


def _package(folder: Path, **more: Any) -> Path:
    """A package of a file, a link and a folder."""
    (folder / "info").mkdir(parents=True)
    (folder / "lib" / "empty").mkdir(parents=True)
    (folder / "lib" / "a").write_bytes(b"abc")
    (folder / "lib" / "b").symlink_to("a")
    digest = hashlib.sha256(b"abc").hexdigest()
    hard = {"_path": "lib/a", "path_type": "hardlink", "sha256": digest, "size_in_bytes": 3}
    soft = {"_path": "lib/b", "path_type": "softlink", "sha256": digest, "size_in_bytes": 3}
    paths = [{**hard, **more}, soft, {"_path": "lib/empty", "path_type": "directory"}]
    _json(folder / "info" / "paths.json", {"paths": paths, "paths_version": 1})
    _json(folder / "info" / "index.json", {"name": "p", "version": "1.0", "build": "0"})
    return folder


def _json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


def test_as_packed(tmp_path: Path) -> None:
    """Nothing is wrong, with and without a look at contents, with and without a digest."""
    folder = _package(tmp_path / "p")
    for digest in ("", documents_digest(folder)):
        for contents in (False, True):
            assert fault(folder, IDENTITY, digest, contents=contents) == ""
    (folder / "info" / "paths.json").unlink()  # a package of long ago has none
    assert fault(folder, IDENTITY, documents_digest(folder), contents=True) == ""


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("lib/a", None, "lib/a is missing"),
        ("lib/a", b"ab", "lib/a is altered"),
        ("lib/b", None, "lib/b is missing"),
        ("lib/b", b"abc", "lib/b is altered"),
        ("info/paths.json", None, "info/paths.json is missing"),
        ("info/paths.json", b"{", "info can't be read: "),
        ("info/paths.json", b"[]", "info is not a mapping"),
        ("info/paths.json", b'{"paths": {}}', "info can't be read: `paths` is not a list"),
        ("info/paths.json", b'{"paths": [1]}', "info can't be read: "),
        ("info/paths.json", b'{"paths": [{}]}', "info can't be read: '_path'"),
        ("info/paths.json", b'{"paths": [{"_path": 1}]}', "info can't be read: "),
        ("info/paths.json", b"\xff\x00", "info can't be read: "),
        ("info/paths.json", b"[" * 100_000, "info can't be read: "),
        ("info/index.json", None, "info/index.json is missing"),
        ("info/index.json", b"{}", "info/index.json is for another package"),
        ("info/index.json", b"[]", "info can't be read: "),
        ("info/link.json", b"", "info can't be read: "),
    ],
)
def test_damage(tmp_path: Path, path: str, content: bytes | None, reason: str) -> None:
    """By what kind of file it is, its size, and what is read of ``info``."""
    folder = _package(tmp_path / "p")
    noted = documents_digest(folder)
    (folder / path).unlink(missing_ok=True)
    if content is not None:
        (folder / path).write_bytes(content)
    assert fault(folder, IDENTITY, "", contents=False).startswith(reason)
    message = reason if path.startswith("lib") else "files in info are altered"
    assert fault(folder, IDENTITY, noted, contents=False) == message


@pytest.mark.parametrize(("path", "content"), [("lib/a", b"ab"), ("lib/b", b"abc"), ("lib/a", b"")])
def test_damage_by_whole_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, content: bytes
) -> None:
    """The same where no file is found from an open folder, as on Windows."""
    monkeypatch.setattr(extracted_package, "_FROM_FOLDER", False)
    folder = _package(tmp_path / "p")
    assert fault(folder, IDENTITY, "", contents=True) == ""
    (folder / path).unlink()
    assert fault(folder, IDENTITY, "", contents=False) == f"{path} is missing"
    (folder / path).write_bytes(content)
    assert fault(folder, IDENTITY, "", contents=False) == f"{path} is altered"


def test_contents(tmp_path: Path) -> None:
    """A file of the same size is read only on demand."""
    folder = _package(tmp_path / "p")
    (folder / "lib" / "a").write_bytes(b"abd")
    assert fault(folder, IDENTITY, "", contents=False) == ""
    assert fault(folder, IDENTITY, "", contents=True) == "lib/a is altered"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        *(
            (path, "which leads out of the environment")
            for path in ("/etc/x", "", "..", "../x", "a/../../x", "a/..", "a\\..\\x", "\0")
        ),
        *(
            (path, "which is in conda's own folder")
            for path in (
                "conda-meta", "conda-meta/history", "./conda-meta/a.json", ".//Conda-Meta/a",
                "conda-meta. /a",
            )
        ),
        *((path, "which is not a file") for path in (".", "./", "a/", "a/.", "././.")),
        *(
            (path, "which has an empty part or a `.`")
            for path in ("./a", "a/./b", "a//b", ".//a")
        ),
    ],
)  # fmt: skip
def test_paths_that_are_refused(tmp_path: Path, path: str, reason: str) -> None:
    """Whatever could be outside of the package, conda's, or the prefix itself."""
    folder = _package(tmp_path / "p", _path=path)
    text = f"info/paths.json lists {path!r}, {reason}"
    assert fault(folder, IDENTITY, "", contents=False) == text
    assert refusal(folder, IDENTITY) == text


@pytest.mark.parametrize(
    "path",
    ["...", "a..b", "..a/b", "man3/A::B.3", "a b", "site-packages/conda-meta/a", "conda-meta-a",
     ".a", "a.", "a/..."],
)  # fmt: skip
def test_stays_inside(tmp_path: Path, path: str) -> None:
    """Names that only look like it are names."""
    assert refusal(_package(tmp_path / "p", _path=path), IDENTITY) == ""


@pytest.mark.parametrize("size", [-1, "3", 1.5, True])
def test_size_that_is_none(tmp_path: Path, size: object) -> None:
    """Linking would end at it, with half of the packages linked."""
    folder = _package(tmp_path / "p", size_in_bytes=size)
    assert refusal(folder, IDENTITY) == f"info/paths.json lists 'lib/a', of {size!r} bytes"


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("x = a:b", True),
        ("x-y.z=a.b:c.d", True),
        ("x = a:b [extra]", True),
        ("../../x = a:b", False),
        ("/x = a:b", False),
        ("a\\x = a:b", False),
        (".. = a:b", False),
        (". = a:b", False),
        (" = a:b", False),
        ("x", False),
        ("x = a", False),
        ("x\0 = a:b", False),
    ],
)
def test_entry_point(tmp_path: Path, text: str, fine: bool) -> None:
    """Its name is that of a program, beside others."""
    folder = _package(tmp_path / "p")
    _json(folder / "info" / "link.json", {"noarch": {"type": "python", "entry_points": [text]}})
    message = f"info/link.json has the entry point {text!r}, which is not a file name"
    assert refusal(folder, IDENTITY) == ("" if fine else message)


@pytest.mark.parametrize("key", ["name", "version", "build"])
def test_another_package(tmp_path: Path, key: str) -> None:
    """By each part of its identity, whether its documents are noted or not."""
    folder = _package(tmp_path / "p")
    other = {"name": "p", "version": "1.0", "build": "0", key: "7"}
    _json(folder / "info" / "index.json", other)
    text = f"info/index.json is for another package: {' '.join(other.values())}"
    assert refusal(folder, IDENTITY) == text
    for digest in ("", documents_digest(folder)):
        assert fault(folder, IDENTITY, digest, contents=False) == text


def test_no_folder(tmp_path: Path) -> None:
    """A file or a link in a package's place is none."""
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(_package(tmp_path / "p"))
    for name in ("file", "link", "nothing"):
        assert fault(tmp_path / name, IDENTITY, "", contents=False) == "it is not a folder"
