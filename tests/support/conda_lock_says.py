"""``python -m support.conda_lock_says``: how conda-lock itself reads what is on standard input.

conda-lock warns while it is imported, which is an error in our tests: it has a process of its own.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
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


def packages(file: str) -> list[list[object]]:
    """The packages of a lock without virtual ones: [name, version, platform, URL, MD5]."""
    module = importlib.import_module("conda_lock.lockfile")
    lock = module.parse_conda_lock_file(Path(file))
    lock.filter_virtual_packages_inplace()
    return [[p.name, p.version, p.platform, p.url, p.hash.md5] for p in lock.package]


def asked(data: list[Any]) -> dict[str, list[list[str]]]:
    """Return what [file, names, platforms] asks for on each platform.

    Of each package its manager, name, version and category, and ``CHANNEL::`` or nothing.

    ``names`` are conda's of PyPI's projects, where those are others.
    """
    path, names, platforms = data
    parser = importlib.import_module("conda_lock.src_parser")
    mapping = {project: {"conda_name": c, "pypi_name": project} for project, c in names.items()}
    with tempfile.TemporaryDirectory() as folder:
        known = Path(folder, "names.json")
        known.write_text(json.dumps(mapping), encoding="utf-8")
        spec = parser.make_lock_spec(
            src_files=[Path(path)], platform_overrides=platforms, mapping_url=str(known)
        )
    return {
        platform: [
            [
                dependency.manager,
                dependency.name,
                getattr(dependency, "version", ""),
                dependency.category,
                _channel(dependency),
            ]
            for dependency in dependencies
        ]
        for platform, dependencies in spec.dependencies.items()
    }


def _channel(dependency: Any) -> str:
    channel = getattr(dependency, "conda_channel", None)
    return f"{channel}::" if channel else ""


if __name__ == "__main__":
    questions = {"lines": lines, "promises": promises, "asked": asked, "packages": packages}
    answer = questions[sys.argv[1]](json.load(sys.stdin))
    json.dump(answer, sys.stdout)
