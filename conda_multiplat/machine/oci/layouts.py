"""OCI layouts (image-spec 1.1): a folder of blobs, or a tar of it, replaced atomically.

====================  =====================================================
``oci-layout``        the version of the layout
``index.json``        its manifests, with their tags
``blobs/sha256/HEX``  manifests, configurations and layers by their digests
====================  =====================================================
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from conda_multiplat.machine.files import shown
from conda_multiplat.machine.interrupts import held
from conda_multiplat.machine.streams import is_stream
from conda_multiplat.machine.tar_files import is_tar_with, write_tar
from conda_multiplat.machine.temporary import sweep, temporary_path
from conda_multiplat.vocabulary.errors import OutsideError
from conda_multiplat.vocabulary.oci import LAYOUT, Blob

#: The suffix of an archive's name.
ARCHIVE = ".tar"
#: The file that identifies a layout.
_MARK = "oci-layout"


def blob_path(layout: Path, digest: str) -> Path:
    """Return the path of a blob in a layout."""
    return layout / "blobs" / digest.replace(":", os.sep)


def place_blob(file: Path, layout: Path, digest: str) -> None:
    """Move a file on the layout's disk to the path of its digest."""
    file.replace(blob_path(layout, digest))


def add_blob(layout: Path, media_type: str, content: bytes) -> Blob:
    """Write bytes as a blob of a layout."""
    blob = Blob.of(media_type, content)
    blob_path(layout, blob.digest).write_bytes(content)
    return blob


def is_archive(target: Path) -> bool:
    """Return whether an image in ``target`` is an archive; a stream takes no folder."""
    return target.suffix == ARCHIVE or is_stream(target)


def is_image(target: Path) -> bool:
    """Return whether there is an image, or an empty folder for one."""
    if target.suffix == ARCHIVE:
        return is_tar_with(target, _MARK)
    return target.is_dir() and ((target / _MARK).is_file() or not any(target.iterdir()))


@contextmanager
def new_layout(target: Path) -> Iterator[Path]:
    """Provide a folder that becomes the layout ``target``, or its archive, once complete.

    The old archive exists until the new one replaces it; a folder is missing for an instant. What
    killed runs have left next to it is removed. If ``target`` is a stream, the folder is in the
    system's place for temporary files.

    Raises:
        OutsideError: it can't be written; the old layout is unchanged.
    """
    place = Path(gettempdir()) / "image" if is_stream(target) else target
    folder = temporary_path(place)
    try:
        sweep(place.parent)
        (folder / "blobs" / "sha256").mkdir(parents=True)
        yield folder
        (folder / _MARK).write_bytes(LAYOUT)
        (_archived if is_archive(target) else _renamed)(folder, target)
    except OSError as error:
        raise OutsideError(
            f"can't write {shown(target)}: {error.filename or target}: {error.strerror or error}",
            hints=["what was there before is unchanged"],
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _renamed(folder: Path, target: Path) -> None:
    """Move a folder to its place; an existing one is renamed first, as it can't be replaced."""
    if not target.exists():
        folder.rename(target)
        return
    old = temporary_path(target)
    with held():
        target.rename(old)
        folder.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _archived(folder: Path, target: Path) -> None:
    files = (path for path in folder.rglob("*") if path.is_file())
    write_tar(target, {path.relative_to(folder).as_posix(): path for path in files})
