"""Empty wheels that stand for what conda provides."""

from __future__ import annotations

import os
import threading
import zipfile
from pathlib import Path

#: Where they are in the cache, and what is held while they are in use (see ``engines.cache``).
FOLDER = "stubs"
LOCK = ".lock"
_TIME = (1980, 1, 1, 0, 0, 0)
_WHEEL = (
    "Wheel-Version: 1.0\nGenerator: conda-multiplat\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
)


def stub(folder: Path, name: str, version: str) -> str:
    """The ``file://`` URL of a wheel that has a name and a version, and needs and holds nothing.

    It is made once: uv remembers what it has read of a file.
    """
    stem = f"{name.replace('-', '_')}-{version}"
    path = folder / f"{stem}-py3-none-any.whl"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".{stem}.{os.getpid()}.{threading.get_ident()}"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        with zipfile.ZipFile(temporary, "w") as archive:
            for file, text in (("METADATA", metadata), ("WHEEL", _WHEEL), ("RECORD", "")):
                archive.writestr(zipfile.ZipInfo(f"{stem}.dist-info/{file}", _TIME), text)
        temporary.replace(path)
    return path.as_uri()
