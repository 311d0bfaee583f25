"""Other tools' locks in CEP 37's form: what conda-lock before 1.0 left out or wrote otherwise.

====================  ===========================================================================
``channels``          texts, where CEP 37 has mappings with ``url``
``content_hash``      one text for all platforms, or nothing
``platforms``         nothing: those that the packages are for
``sources``           nothing
a package's ``hash``  nothing: nobody can verify it, and ``install`` refuses it
``__glibc`` and such  as packages, with the URL of a folder that is long gone: they are left out
====================  ===========================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conda_multiplat.vocabulary.names import unique


def in_form(
    metadata: Mapping[str, Any], packages: list[dict[str, Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The metadata and the packages as CEP 37 has them.

    Args:
        metadata: as it was read.
        packages: those of which nothing is of another kind (see ``shape``).
    """
    real = [
        {**package, "hash": package.get("hash") or {}}
        for package in packages
        if not (package["manager"] == "conda" and package["name"].startswith("__"))
    ]
    platforms = metadata.get("platforms") or unique(package["platform"] for package in packages)
    stated = metadata.get("content_hash") or {}
    hashes = dict.fromkeys(platforms, stated) if isinstance(stated, str) else stated
    channels = [
        {"url": channel} if isinstance(channel, str) else channel
        for channel in metadata.get("channels") or ()
    ]
    known = {"platforms": platforms, "content_hash": hashes, "channels": channels}
    return {**metadata, **known, "sources": metadata.get("sources") or ()}, real
