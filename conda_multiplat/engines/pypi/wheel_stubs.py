"""Empty wheels for packages that conda provides: name, version and requirements of extras."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from conda_multiplat.machine.temporary import put

if TYPE_CHECKING:  # an install without PyPI packages imports the names below from here
    from conda_multiplat.solving.extras import Metadata

#: The stubs' folder in the cache, and its lock, held during use (see ``engines.cache``).
FOLDER = "stubs"
LOCK = ".lock"
_TIME = (1980, 1, 1, 0, 0, 0)
_WHEEL = (
    "Wheel-Version: 1.0\nGenerator: conda-multiplat\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
)


def stub(folder: Path, name: str, version: str, says: Metadata | None = None) -> str:
    """Return the ``file://`` URL of an empty wheel without requirements except for its extras.

    It is written once, because uv caches what it read from a file. A wheel with other content has
    a folder of its own.
    """
    lines = [f"Provides-Extra: {extra}\n" for extra in (says.extras if says else ())]
    lines += [f"Requires-Dist: {need}\n" for need in (says.requires if says else ())]
    if lines:
        folder /= hashlib.sha256("".join(lines).encode()).hexdigest()[:16]
    stem = f"{name.replace('-', '_')}-{version}"
    path = folder / f"{stem}-py3-none-any.whl"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".{stem}.{os.getpid()}.{threading.get_ident()}"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + "".join(lines)
        import zipfile  # late: the import takes longer than the check before it

        with zipfile.ZipFile(temporary, "w") as archive:
            for file, text in (("METADATA", metadata), ("WHEEL", _WHEEL), ("RECORD", "")):
                archive.writestr(zipfile.ZipInfo(f"{stem}.dist-info/{file}", _TIME), text)
        put(temporary, path)
    return path.as_uri()
