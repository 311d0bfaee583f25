"""Unpack wheels for another prefix and platform (PEP 427), without a Python of that platform.

``installer`` does it: scripts with the Python of the target, ``RECORD``, the folders of ``.data``.
uv would need an interpreter that can run here.
"""

from __future__ import annotations

import configparser
import zipfile
import zlib
from pathlib import Path

from installer import install
from installer.destinations import SchemeDictionaryDestination
from installer.exceptions import InstallerError
from installer.sources import WheelFile

from conda_multiplat.vocabulary.errors import OutsideError
from conda_multiplat.vocabulary.records import PypiRecord

#: The errors that ``installer`` raises for an invalid wheel; it asserts valid entry points.
_NO_WHEEL = (
    *(InstallerError, configparser.Error, zipfile.BadZipFile, zlib.error),
    *(AssertionError, KeyError, OSError, RuntimeError, ValueError),
)


def unpack_wheel(
    record: PypiRecord, wheel: Path, folder: Path, prefix: str, site_packages: str
) -> str:
    """Unpack a wheel without compiling.

    Args:
        record: the package.
        wheel: its verified file.
        folder: stands for the root of the target's file system.
        prefix: the target prefix, on Linux or macOS.
        site_packages: the ``site-packages`` folder, relative to the prefix.

    Returns:
        Its ``METADATA``.

    Raises:
        OutsideError: it is not a wheel, or has files outside of where a wheel's may be.
    """
    packages = f"{prefix}/{site_packages}"
    python = Path(site_packages).parent.name
    schemes = {
        "purelib": packages,
        "platlib": packages,
        "headers": f"{prefix}/include/{python}/{record.name}",
        "scripts": f"{prefix}/bin",
        "data": prefix,
    }
    destination = SchemeDictionaryDestination(
        schemes, f"{prefix}/bin/python", "posix", destdir=str(folder)
    )
    try:
        with WheelFile.open(wheel) as source:
            metadata = source.read_dist_info("METADATA")
            install(source, destination, {"INSTALLER": b"conda-multiplat\n"})
    except _NO_WHEEL as error:
        reason = str(error) or "its entry points can't be read"
        text = f"{record.name} {record.version} can't be unpacked: {reason}"
        raise OutsideError(text, details=[record.url]) from None
    for script in (folder / prefix.lstrip("/") / "bin").glob("*"):
        script.chmod(0o755)  # wheels made on Windows do not mark them
    return metadata
