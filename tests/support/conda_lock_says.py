"""``python -m support.conda_lock_says``: how conda-lock itself reads what is on standard input.

conda-lock warns while it is imported, which is an error in our tests: it has a process of its own.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]


def conda_lock_says(what: str, data: object) -> Any:
    """The answer to one of the questions below, as JSON has it."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "support.conda_lock_says", what],
        cwd=TESTS,
        input=json.dumps(data),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return json.loads(done.stdout)


def lines(data: list[list[str]]) -> list[list[str]]:
    """Of each [text, platform] the lines that hold there."""
    parser = importlib.import_module("conda_lock.src_parser.selectors")
    return [list(parser.filter_platform_selectors(text, platform)) for text, platform in data]


def promises(file: str) -> list[list[object]]:
    """The virtual packages of a ``virtual-packages.yml``: [name, version, build, platforms]."""
    module = importlib.import_module("conda_lock.virtual_package")
    repodata = module.virtual_package_repo_from_specification(Path(file))
    return [
        [package.name, package.version, package.build_string, sorted(subdirs)]
        for package, subdirs in repodata.packages_by_subdir.items()
    ]


if __name__ == "__main__":
    answer = {"lines": lines, "promises": promises}[sys.argv[1]](json.load(sys.stdin))
    json.dump(answer, sys.stdout)
