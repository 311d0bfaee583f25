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

from collections.abc import Iterator, Mapping
from typing import Any

from conda_multiplat.vocabulary.names import unique

_NEEDED = ("name", "version", "manager", "platform", "url")
_MAPPINGS = ("dependencies", "hash")


def package_problems(packages: object) -> Iterator[str]:
    """What keeps packages from being read, a line each."""
    if not isinstance(packages, list):
        yield "`package` is not a list"
        return
    for number, package in enumerate(packages, start=1):
        if not isinstance(package, dict):
            yield f"package {number} is not a mapping"
            continue
        what = f"package {number} ({package.get('name', 'without a name')})"
        for key in _NEEDED:
            if not isinstance(package.get(key), str):
                yield f"{what} has no `{key}`"
        for key in _MAPPINGS:
            if not isinstance(package.get(key) or {}, dict):
                yield f"{what}: its `{key}` is not a mapping"


def in_form(
    metadata: Mapping[str, Any], packages: list[dict[str, Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The metadata and the packages as CEP 37 has them.

    Args:
        metadata: as it was read.
        packages: those that :func:`package_problems` has nothing to say of.
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
