"""Convert locks to CEP 37's form: conda-lock before 1.0 left out some keys or wrote them otherwise.

====================  ===========================================================================
``channels``          texts; CEP 37 has mappings with ``url``
``content_hash``      one text for all platforms, or missing
``platforms``         missing: those of the packages are used
``sources``           missing
a package's ``hash``  missing: it can't be verified, and ``install`` refuses it
``__glibc`` and such  packages with the URL of a folder that no longer exists: they are left out
====================  ===========================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conda_multiplat.vocabulary.names import unique


def in_cep37_form(
    metadata: Mapping[str, Any], packages: list[dict[str, Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the metadata and the packages in CEP 37's form.

    Args:
        metadata: the metadata as read.
        packages: the packages, whose values have the right types (see ``shape``).
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
