"""Wheels unpacked for another place and platform (PEP 427), without a Python of that.

``installer`` does it: scripts with the Python that will be there, ``RECORD``, the folders of
``.data``. uv wants an interpreter that runs here.
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

#: What ``installer`` raises of a wheel, and of its zip; it asserts that entry points are some.
_NO_WHEEL = (
    *(InstallerError, configparser.Error, zipfile.BadZipFile, zlib.error),
    *(AssertionError, KeyError, OSError, RuntimeError, ValueError),
)


def unpack_wheel(
    record: PypiRecord, wheel: Path, folder: Path, prefix: str, site_packages: str
) -> str:
    """Unpack a wheel; nothing is compiled.

    Args:
        record: the package.
        wheel: its file, verified.
        folder: stands for the root of the file system that the prefix will be in.
        prefix: the prefix there; of Linux or macOS.
        site_packages: where its Python looks for packages, from the prefix.

    Returns:
        Its ``METADATA``.

    Raises:
        OutsideError: it is no wheel, or its files would be elsewhere than a wheel's may be.
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
        reason = str(error) or "what its entry points are can't be told"
        text = f"{record.name} {record.version} can't be unpacked: {reason}"
        raise OutsideError(text, details=[record.url]) from None
    for script in (folder / prefix.lstrip("/") / "bin").glob("*"):
        script.chmod(0o755)  # wheels that Windows has made do not say so
    return metadata
