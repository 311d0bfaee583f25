"""``bare_install.py PREFIX CACHE EXPLICIT``: import rattler, install an explicit file, end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

import rattler


def _records(path: str) -> Iterator[rattler.RepoDataRecord]:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - no import but what is needed
        lines = [line.strip() for line in file if "://" in line and not line.startswith("#")]
    for line in lines:
        url, _, anchor = line.partition("#")
        channel, subdir, name = url.rsplit("/", 2)
        package, version, build = name.removesuffix(".conda").rsplit("-", 2)
        yield rattler.RepoDataRecord(
            rattler.PackageRecord(
                package,
                version,
                rattler.BuildString(build),
                0,
                subdir,
                sha256=bytes.fromhex(anchor.removeprefix("sha256:")),
            ),
            name,
            url,
            channel,
        )


def main() -> None:
    """Install."""
    prefix, cache, path = sys.argv[1:]
    asyncio.run(
        rattler.install(
            list(_records(path)), target_prefix=prefix, cache_dir=cache, show_progress=False
        )
    )


main()
