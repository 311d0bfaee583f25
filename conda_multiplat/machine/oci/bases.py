"""Read base images from local layouts, folders or archives, written by other tools.

Content is used only if it matches its digest. A blob is copied in blocks; documents of more than
:data:`_LARGEST` bytes are refused.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import tarfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, cast

from conda_multiplat.machine.files import open_file, shown
from conda_multiplat.machine.oci.layouts import blob_path
from conda_multiplat.machine.tar_files import open_tar
from conda_multiplat.vocabulary.errors import DocumentError, OutsideError, UsageError
from conda_multiplat.vocabulary.json_values import json_object
from conda_multiplat.vocabulary.oci import AS_IN_OCI, INDEX, MANIFEST, Blob, ImagePlatform

_LARGEST = 4 << 20
_BLOCK = 1 << 20
#: The most members of a layout's archive: each blob is one, and images have at most 127 layers.
_MOST = 20_000
#: How deep indexes may be nested.
_DEEPEST = 4
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TAR = "application/vnd.oci.image.layer.v1.tar"
_LAYERS = (_TAR, f"{_TAR}+gzip", f"{_TAR}+zstd")
#: How far to read into a layer for its names, in bytes of its uncompressed content.
_FARTHEST = 16 << 30
_GZIP = b"\x1f\x8b"


class Base(NamedTuple):
    """A base image.

    Attributes:
        place: its layout's folder or archive.
        digest: its manifest's digest.
        config: its configuration.
        layers: its layers, as OCI descriptors.
    """

    place: Path
    digest: str
    config: Mapping[str, Any]
    layers: tuple[Blob, ...]


def read_base(place: Path, platform: ImagePlatform) -> Base:
    """Read the image for a platform from a layout.

    Raises:
        UsageError: it is not a layout, has no image or several, or does not match its digests.
        OutsideError: it can't be read.
    """
    try:
        with _opened(place) as layout:
            return _read(place, layout, platform)
    except (OSError, tarfile.TarError) as error:
        raise OutsideError(f"{shown(place)} can't be read: {_reason(error)}") from None
    except (DocumentError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise _broken(place, f"{_reason(error)}") from None


def copy_layers(base: Base, layout: Path) -> None:
    """Copy a base's layers into a new layout and verify them.

    Raises:
        UsageError: one does not match its digest.
        OutsideError: one can't be read.
        OSError: one can't be written.
    """
    with _opened(base.place) as opened:
        for blob in dict.fromkeys(base.layers):
            _copy(base.place, opened, blob, blob_path(layout, blob.digest))


def programs(base: Base, wanted: Collection[str]) -> set[str]:
    """Return the paths that exist in a base's layers.

    If a layer can't be read to its end, for example because a tool left out the archive's end, the
    names up to there count; if nothing can be read, all paths may exist. Paths that a later layer
    removes are not excluded.

    Args:
        base: the image.
        wanted: paths without a leading slash.
    """
    present: set[str] = set()
    unread = False
    with _opened(base.place) as layout:
        for blob in base.layers:
            with suppress(tarfile.TarError, OSError, EOFError), layout.open(blob.digest) as file:
                for name in _names(file):
                    present |= {name}.intersection(wanted)
                continue
            unread = True
    return set(wanted) if unread and not present else present


def _names(file: IO[bytes]) -> Iterator[str]:
    """Return the paths of a layer.

    Raises:
        TarError: Python can't decompress it.
    """
    start = file.read(len(_GZIP))
    file.seek(0)
    stream = gzip.GzipFile(fileobj=file) if start == _GZIP else file
    with open_tar(cast("BinaryIO", stream)) as archive:
        while member := archive.next():
            archive.members.clear()  # type: ignore[attr-defined]  # a layer can have a million
            yield member.name.removeprefix("./")
            if archive.offset > _FARTHEST:
                raise tarfile.ReadError("it is too large to look through")


class _Folder:
    def __init__(self, place: Path) -> None:
        self._place = place

    def index(self) -> bytes:
        with open_file(self._place / "index.json") as file:
            return file.read(_LARGEST + 1)

    def open(self, digest: str) -> IO[bytes]:
        return open_file(blob_path(self._place, digest))


class _Archive:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._members = {member.name.removeprefix("./"): member for member in archive}

    def index(self) -> bytes:
        with self._file("index.json") as file:
            return file.read(_LARGEST + 1)

    def open(self, digest: str) -> IO[bytes]:
        return self._file(f"blobs/{digest.replace(':', '/')}")

    def _file(self, name: str) -> IO[bytes]:
        member = self._members.get(name)
        is_whole = member and member.isreg() and member.sparse is None
        file = self._archive.extractfile(member) if member and is_whole else None
        if file is None:
            raise FileNotFoundError(2, "it is not in the archive", name)
        return file


@contextmanager
def _opened(place: Path) -> Iterator[_Folder | _Archive]:
    if place.is_dir():
        yield _Folder(place)
        return
    with open_file(place) as file, open_tar(file, _MOST) as archive:
        yield _Archive(archive)


def _read(place: Path, layout: _Folder | _Archive, platform: ImagePlatform) -> Base:
    try:
        index = _document(layout.index(), place)
    except FileNotFoundError:
        hint = "to convert an older archive: skopeo copy docker-archive:FILE oci:DIR:latest"
        raise UsageError(
            f"{shown(place)} is not an OCI layout: it has no index.json", hints=[hint]
        ) from None
    images = dict(_images(place, layout, index, platform, deepest=_DEEPEST, seen=set()))
    if len(images) != 1:
        raise _not_one(place, platform, images)
    digest, manifest = next(iter(images.items()))
    config = _document(_blob(place, layout, _descriptor(manifest["config"])), place)
    layers = tuple(_layer(place, layer) for layer in manifest["layers"])
    if problem := _problem(config, len(layers)):
        raise _broken(place, problem)
    return Base(place, digest, config, layers)


def _problem(config: Mapping[str, Any], layers: int) -> str:
    """Return what is wrong with the copied parts of a configuration; ``""`` for nothing."""
    process, history = config.get("config") or {}, config.get("history") or []
    if not isinstance(process, dict) or not isinstance(history, list):
        return "its configuration has no mapping of settings, or no list of layers"
    for key, kind in (("Env", list), ("Labels", dict), ("Entrypoint", list), ("Cmd", list)):
        values = process.get(key) or kind()
        texts = values.values() if isinstance(values, dict) else values
        if not isinstance(values, kind) or not all(isinstance(text, str) for text in texts):
            return f"{key} in its configuration does not consist of texts"
    if not all(isinstance(layer, dict) for layer in history):
        return "the history in its configuration is not a list of mappings"
    digests = config["rootfs"]["diff_ids"]
    if not isinstance(digests, list) or not all(map(_is_digest, digests)):
        return "its configuration has no list of its layers' digests"
    if len(digests) != layers:
        return "its configuration and its manifest list different numbers of layers"
    return ""


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))


def _images(
    place: Path,
    layout: _Folder | _Archive,
    index: Mapping[str, Any],
    platform: ImagePlatform,
    *,
    deepest: int,
    seen: set[str],
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Return the manifests for a platform, once each by digest, including those in nested indexes.

    Args:
        place: the layout's folder or archive.
        layout: the opened layout.
        index: the index.
        platform: the platform.
        deepest: how deep indexes in it may be nested.
        seen: the digests that were read before.
    """
    for entry in index["manifests"]:
        blob = _descriptor(entry)
        stated = entry.get("platform")
        if blob.digest in seen or (stated and not platform.is_of(stated)):
            continue
        seen.add(blob.digest)
        document = _document(_blob(place, layout, blob), place)
        if blob.media_type == INDEX and deepest:
            deeper = _images(place, layout, document, platform, deepest=deepest - 1, seen=seen)
            yield from deeper
        elif blob.media_type == MANIFEST:
            config = _document(_blob(place, layout, _descriptor(document["config"])), place)
            if platform.is_of(config):
                yield blob.digest, document


def _not_one(place: Path, platform: ImagePlatform, images: Collection[str]) -> UsageError:
    if not images:
        return UsageError(f"{shown(place)} has no image for {platform}")
    return UsageError(
        f"{shown(place)} has {len(images)} images for {platform}",
        details=sorted(images),
        hints=[f"copy one of them: skopeo copy oci:{shown(place)}:TAG oci:DIR:TAG"],
    )


def _descriptor(document: Mapping[str, Any]) -> Blob:
    digest, size = document["digest"], document["size"]
    if not _is_digest(digest):
        raise ValueError(f"{digest!r:.100} is not a SHA-256 digest")
    if type(size) is not int or size < 0:
        raise TypeError(f"{size!r:.20} is not a size")
    kind = document["mediaType"]
    return Blob(AS_IN_OCI.get(kind, kind), digest, size)


def _layer(place: Path, document: Mapping[str, Any]) -> Blob:
    blob = _descriptor(document)
    if blob.media_type not in _LAYERS:
        raise _broken(place, f"a layer has the unknown type {blob.media_type!r:.100}")
    return blob


def _blob(place: Path, layout: _Folder | _Archive, blob: Blob) -> bytes:
    with layout.open(blob.digest) as file:
        content = file.read(_LARGEST + 1)
    _require_same(place, blob, hashlib.sha256(content).hexdigest(), len(content))
    return content


def _require_same(place: Path, blob: Blob, sha256: str, size: int) -> None:
    if f"sha256:{sha256}" != blob.digest:
        raise _broken(place, f"the content of {blob.digest} does not match its digest")
    if size != blob.size:
        raise _broken(place, f"{blob.digest} has {size} bytes, not {blob.size}")


def _document(content: bytes, place: Path) -> Mapping[str, Any]:
    if len(content) > _LARGEST:
        raise _broken(place, f"a document is larger than {_LARGEST >> 20} MiB")
    return json_object(content.decode())


def _copy(place: Path, layout: _Folder | _Archive, blob: Blob, path: Path) -> None:
    sha256 = hashlib.sha256()
    try:
        source = layout.open(blob.digest)
    except OSError as error:
        raise OutsideError(f"{shown(place)} can't be read: {_reason(error)}") from None
    with source, path.open("xb") as file:
        while block := source.read(_BLOCK):
            sha256.update(block)
            file.write(block)
            if file.tell() > blob.size:
                break
        _require_same(place, blob, sha256.hexdigest(), file.tell())


def _broken(place: Path, reason: str) -> UsageError:
    return UsageError(f"{shown(place)} can't be a base image: {reason}")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename else ""
        return f"{name}{error.strerror or error}"
    if isinstance(error, KeyError):
        return f"it lacks {error}"
    return str(error)
