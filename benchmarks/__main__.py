"""``python -m benchmarks [WORK …]``: measure, print a table; exit 1 where a bound does not hold."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

# The tests' hosts and packages are ours too. PYTHONPATH of the processes is set by the hosts.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from benchmarks import check, enter, hooks, install, lock, outdated, pypi, scale, startup
from benchmarks.report import Row, table
from benchmarks.workspace import VARIABLE, Workspace, find_slice

WORKS: dict[str, Callable[[Workspace], Iterable[Row]]] = {
    "lock": lock.rows,
    "install": install.rows,
    "check": check.rows,
    "startup": startup.rows,
    "run": enter.rows,
    "hooks": hooks.rows,
    "scale": scale.rows,
    "outdated": outdated.rows,
    "pypi": pypi.rows,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"{', '.join(WORKS)} (all)")
    parser.add_argument("--runs", type=int, help="how often each command is timed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    parser.add_argument(
        "--channels",
        metavar="DIR",
        help=f"packed channels to lock with (or {VARIABLE}); else ../shared/channels, else made up",
    )
    parser.add_argument("--made-up", action="store_true", help="don't look for packed channels")
    parser.add_argument(
        "--limit", type=float, default=60, metavar="SECONDS", help="patience with slow others (60)"
    )
    return parser


def _load() -> str:
    """How many processes wanted to run in the last minute; ours are one or two of them."""
    return f"{os.getloadavg()[0]:.1f}"


def main() -> int:
    """Measure what is asked for."""
    parser = _parser()
    args = parser.parse_args()
    if unknown := [work for work in args.works if work not in WORKS]:
        parser.error(f"no such work: {', '.join(unknown)}; there are {', '.join(WORKS)}")
    rows: list[Row] = []
    load = [_load()]
    with tempfile.TemporaryDirectory(prefix="multiplat-bench-") as folder:
        packed = None if args.made_up else find_slice(args.channels)
        space = Workspace(Path(folder).resolve(), args.runs, args.limit, packed)
        for name in args.works or WORKS:
            print(f"measuring {name}…", file=sys.stderr, flush=True)
            rows += WORKS[name](space)
            load.append(_load())
        title = f"{date.today()}, {space.description}; load {' '.join(load)}"
    print(f"{title}\n\n{table(rows)}")
    if args.json:
        document = {"about": title, "rows": [row.to_dict() for row in rows]}
        args.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 1 if any(row.holds is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
