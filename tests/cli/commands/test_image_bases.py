"""Bases that somebody has made to break ``image``: refused, or looked at without harm."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.hosts import Host
from support.images import archive, image_documents, tar_of
from support.manifests import write
from support.packages import activated_package, build_channel

_KIND = "application/vnd.oci.image"
_LAYER = f"{_KIND}.layer.v1.tar+gzip"
_PLATFORM = {"architecture": "amd64", "os": "linux"}
_DIFFS = ["sha256:" + "0" * 64]
_SHELL = gzip.compress(tar_of({"bin/sh": b"x"}))
Document = dict[str, Any]


@pytest.fixture
def locked(alone: Host, project: Path, tmp_path: Path) -> Path:
    """A project with a package that has activation scripts, so that a shell is looked for."""
    channel = build_channel(tmp_path / "channel", [activated_package()])
    write(project, channel, "activated", platforms="[linux-64]")
    alone.multiplat("lock", "-q", cwd=project)
    return project


def _blob(folder: Path, kind: object, content: bytes) -> Document:
    digest = hashlib.sha256(content).hexdigest()
    (folder / "blobs" / "sha256" / digest).write_bytes(content)
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}


def _base(
    folder: Path,
    layer: bytes = _SHELL,
    *,
    kind: object = _LAYER,
    of_layer: Mapping[str, Any] | None = None,
    of_config: Mapping[str, Any] | None = None,
) -> Path:
    """A base of one layer, with other values in its descriptor or in the configuration."""
    (folder / "blobs" / "sha256").mkdir(parents=True)
    (folder / "oci-layout").write_text("{}", encoding="utf-8")
    rootfs = {"type": "layers", "diff_ids": _DIFFS}
    config = {**_PLATFORM, "config": {}, "rootfs": rootfs, **(of_config or {})}
    manifest = {
        "schemaVersion": 2,
        "config": _blob(folder, f"{_KIND}.config.v1+json", json.dumps(config).encode()),
        "layers": [{**_blob(folder, kind, layer), **(of_layer or {})}],
    }
    _index(folder, [_blob(folder, f"{_KIND}.manifest.v1+json", json.dumps(manifest).encode())])
    return folder


def _index(folder: Path, manifests: list[Document]) -> None:
    index = {"schemaVersion": 2, "manifests": manifests}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")


def _member(size: int, kind: bytes) -> bytes:
    member = tarfile.TarInfo("file")
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


def _pax(text: bytes) -> bytes:
    return _member(len(text), tarfile.XHDTYPE) + text.ljust(512, b"\0")


STRANGE: dict[str, tuple[Document, str]] = {
    "size": ({"of_layer": {"size": 5}}, f"has {len(_SHELL)} bytes, not 5"),
    "negative size": ({"of_layer": {"size": -5}}, "-5 is not a size"),
    "size that is none": ({"of_layer": {"size": True}}, "True is not a size"),
    "encrypted": ({"kind": f"{_LAYER}+encrypted"}, f"the unknown type '{_LAYER}+encrypted'"),
    "control": ({"kind": f"{_LAYER}\x1b[2J"}, f"a layer has the unknown type '{_LAYER}\\x1b[2J'"),
    "number": ({"kind": 5}, "a layer has the unknown type 5"),
    "digests": (
        {"of_config": {"rootfs": {"diff_ids": {"a": 1}}}},
        "its configuration has no list of its layers' digests",
    ),
    "digest": (
        {"of_config": {"rootfs": {"diff_ids": ["sha256:1"]}}},
        "its configuration has no list of its layers' digests",
    ),
    "history": (
        {"of_config": {"history": [1]}},
        "the history in its configuration is not a list of mappings",
    ),
}


@pytest.mark.parametrize("form", ["folder", "archive"])
def test_what_is_not_of_its_kind(alone: Host, locked: Path, tmp_path: Path, form: str) -> None:
    """Sizes, kinds and digests that are none would be another image's for who reads ours."""
    for number, (name, (values, message)) in enumerate(STRANGE.items()):
        base = _base(tmp_path / f"base-{number}", **values)
        if form == "archive":
            base = archive(base, tmp_path / f"base-{number}.tar")
        done = _made(alone, locked, base, code=2)
        assert done["error"].startswith(f"../{base.name} can't be a base image: "), name
        assert done["error"].endswith(message), name
        assert not (locked / "layout").exists()


def _made(alone: Host, locked: Path, base: Path, code: int = 0) -> Document:
    make = ("image", "--platform", "linux-64", "-o", "layout", "--base", base)
    return alone.json(*make, cwd=locked, code=code)


LAYERS = {
    "large header": gzip.compress(_member(1 << 28, tarfile.XHDTYPE) + b"\0" * (1 << 28), 1),
    "length": gzip.compress(_pax(b"9" * 40 + b" a=b\n") + _member(0, tarfile.REGTYPE)),
    "headers": gzip.compress(_pax(b"9 size=1\n") * 3000 + _member(0, tarfile.REGTYPE)),
    "cut": _SHELL[:40],
    "damaged": _SHELL[:20] + b"\xff" * 40,
    "not compressed": b"\x28\xb5\x2f\xfd" * 200,
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_that_cant_be_read(alone: Host, locked: Path, tmp_path: Path, name: str) -> None:
    """They are taken as they are; of one that can't be looked through a shell is assumed."""
    base = _base(tmp_path / "base", LAYERS[name])
    assert _made(alone, locked, base)["layers_of_base"] == 1
    _, manifest, configuration = image_documents(locked / "layout")
    assert manifest["layers"][0]["size"] == len(LAYERS[name])
    assert configuration["config"]["Entrypoint"]


@pytest.mark.parametrize("name", ["bin/sh", "usr/bin/sh", "usr/bin/bash"])
def test_layer_without_an_end(alone: Host, locked: Path, tmp_path: Path, name: str) -> None:
    """Of a layer that lacks the archive's end, the shell that was seen is taken, and no other."""
    whole = tar_of({name: b"x"})
    _made(alone, locked, _base(tmp_path / "base", gzip.compress(whole[:513])))
    assert _entrypoint(locked / "layout").startswith(f"#!/{name}\n".encode())


def _entrypoint(layout: Path) -> bytes:
    """The script at the start, which is in the last layer."""
    _, manifest, _ = image_documents(layout)
    digest = manifest["layers"][-1]["digest"].replace(":", "/")
    with tarfile.open(layout / "blobs" / digest) as last:
        script = last.extractfile("opt/env/libexec/conda-multiplat/entrypoint")
        assert script
        return script.read()


def _as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _as_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("change", [_as_pipe, _as_device], ids=["pipe", "device"])
def test_what_never_ends(
    alone: Host, locked: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    """A pipe is not waited for, and a device is no file: of the layout, its documents, a layer."""
    blobs = (_base(tmp_path / "good") / "blobs" / "sha256").iterdir()
    for number, name in enumerate(["index.json", *(f"blobs/sha256/{path.name}" for path in blobs)]):
        base = _base(tmp_path / f"base-{number}")
        change(base / name)
        assert (
            _made(alone, locked, base, code=2)["error"] == f"../base-{number}/{name} is not a file"
        )
    change(shutil.copy(base / "oci-layout", tmp_path / "base.tar"))
    done = _made(alone, locked, tmp_path / "base.tar", code=2)
    assert done["error"] == "../base.tar is not a file"


def test_indexes_of_indexes(alone: Host, locked: Path, tmp_path: Path) -> None:
    """What is named a hundred times on each of four levels is looked at once."""
    base = _base(tmp_path / "base")
    named = json.loads((base / "index.json").read_text("utf-8"))["manifests"]
    for _ in range(4):
        index = json.dumps({"manifests": named * 100}).encode()
        named = [_blob(base, f"{_KIND}.index.v1+json", index)]
    _index(base, named * 100)
    assert _made(alone, locked, base)["layers_of_base"] == 1


def test_holes(alone: Host, locked: Path, tmp_path: Path) -> None:
    """A blob of an archive that is a terabyte of holes does not fill the disk."""
    folder = _base(tmp_path / "base")
    layer = image_documents(folder)[1]["layers"][0]["digest"]
    holes = tarfile.TarInfo("holes")
    holes.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": f"blobs/{layer.replace(':', '/')}",
        "GNU.sparse.realsize": str(1 << 40),
    }
    content = b"1\n1099511627776\n0\n".ljust(512, b"\0")
    holes.size = len(content)
    base = archive(folder, tmp_path / "base.tar")
    with tarfile.open(base, "a", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(holes, io.BytesIO(content))
    done = _made(alone, locked, base, code=3)
    name = f"blobs/{layer.replace(':', '/')}"
    assert done["error"] == f"../base.tar can't be read: {name}: it is not in the archive"


@pytest.mark.slow
@pytest.mark.parametrize("first", [True, False])
def test_endless_archive(alone: Host, locked: Path, tmp_path: Path, first: bool) -> None:
    """A base with more members than an image can have is refused, wherever the image is in it."""
    base = archive(_base(tmp_path / "base"), tmp_path / "base.tar")
    # An archive of nothing but its members' heads: the end of the first one goes.
    many = _member(0, tarfile.REGTYPE) * 20_001
    image = base.read_bytes()
    last = max(at for at in range(0, len(image), 512) if any(image[at : at + 512])) + 512
    base.write_bytes((image[:last] + many if first else many + image) + b"\0" * 1024)
    done = _made(alone, locked, base, code=3)
    assert done["error"] == "../base.tar can't be read: it has more than 20000 files"
    assert not (locked / "layout").exists()


@pytest.mark.parametrize("name", ["layout", "image.tar"])
def test_no_image_is_replaced(alone: Host, locked: Path, name: str) -> None:
    """Of an archive as of a folder: what is no image stays, an image is replaced."""
    target = locked / name
    make = ("image", "-q", "--platform", "linux-64", "-o", name)
    if target.suffix:
        with tarfile.open(target, "w") as tar:
            tar.add(locked / "environment.yml", "photos/environment.yml")
        before = target.read_bytes()
    else:
        target.mkdir()
        shutil.copy(locked / "environment.yml", target)
    done = alone.multiplat(*make, cwd=locked, code=2)
    assert done.stderr.startswith(f"error: {name} exists and is not an image: it is not replaced\n")
    if target.suffix:
        assert target.read_bytes() == before
        target.write_bytes(b"")
    else:
        shutil.rmtree(target)
    for _ in range(2):
        alone.multiplat(*make, cwd=locked)
