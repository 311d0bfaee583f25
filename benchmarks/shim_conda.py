"""``conda create --dry-run --json`` by rattler: the fastest solver that conda-lock could have.

conda-lock starts a solver for each platform, one after the other. With this one in the place of
mamba, what is left is what conda-lock itself costs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from typing import Any

import rattler


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", action="version", version="conda 24.7.1")
    parser.add_argument("command", choices=["create"])
    parser.add_argument("--prefix")
    for flag in ("--dry-run", "--json", "--override-channels"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--channel", action="append", default=[])
    parser.add_argument("specs", nargs="*")
    return parser.parse_intermixed_args()


def _action(record: rattler.RepoDataRecord) -> dict[str, Any]:
    return {
        "name": record.name.normalized,
        "version": str(record.version),
        "url": record.url,
        "fn": record.url.rsplit("/", 1)[-1],
        "md5": record.md5.hex() if record.md5 else "",
        "sha256": record.sha256.hex() if record.sha256 else None,
        "depends": list(record.depends),
    }


async def _solve(args: argparse.Namespace) -> list[rattler.RepoDataRecord]:
    return await rattler.solve(
        sources=[rattler.Channel(url) for url in args.channel],
        specs=[rattler.MatchSpec(spec, strict=False) for spec in args.specs],
        gateway=rattler.Gateway(cache_dir=os.environ["BENCH_SHIM_CACHE"]),
        platforms=[rattler.Subdir(os.environ["CONDA_SUBDIR"]), rattler.Subdir("noarch")],
        channel_priority=rattler.ChannelPriority.Strict,
    )


actions = [_action(record) for record in asyncio.run(_solve(_arguments()))]
print(json.dumps({"actions": {"FETCH": actions, "LINK": actions}, "success": True}))
time.sleep(0.01)  # rattler's threads end: see conda_multiplat.engines.conda.access.run
