"""``bare_lock.py CACHE < request.json``: import rattler, solve all targets on one Gateway, end.

The least that a lock made with rattler can take: nothing is read but the request, nothing written.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import rattler


async def _solve(request: dict[str, Any], gateway: rattler.Gateway) -> int:
    records = await rattler.solve(
        sources=[rattler.Channel(url) for url in request["channels"]],
        specs=[rattler.MatchSpec(spec, strict=False) for spec in request["specs"]],
        gateway=gateway,
        platforms=[rattler.Subdir(request["subdir"]), rattler.Subdir("noarch")],
        virtual_packages=[
            rattler.GenericVirtualPackage(
                rattler.PackageName(name), rattler.Version(version), rattler.BuildString(build)
            )
            for name, version, build in request["virtual_packages"]
        ],
        channel_priority=getattr(rattler.ChannelPriority, request["channel_priority"].capitalize()),
    )
    return len(records)


async def _all(requests: list[dict[str, Any]], cache: str) -> list[int]:
    gateway = rattler.Gateway(cache_dir=cache)
    return await asyncio.gather(*(_solve(request, gateway) for request in requests))


def main() -> None:
    """Solve what the file named second asks for."""
    cache, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - no import but what is needed
        requests = json.load(file)
    print(asyncio.run(_all(requests, cache)))


main()
