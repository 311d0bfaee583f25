"""``python -m support.dialect``: how conda's own MatchSpec reads the specs on standard input.

Reads a JSON list of specs, prints for each the list of (version, build) that match, or null where
conda refuses the spec. The package is ``foo`` of conda-forge.
"""

from __future__ import annotations

import importlib
import json
import sys
from functools import cache
from itertools import product

from support.embedded_conda import install_alias

VERSIONS = (
    *("0.9", "1", "1.2a1", "1.2", "1.2.0", "1.2.1", "1.2.3", "1.2.3.post1", "1.2.10"),
    *("1.20", "1.3", "1.3.1", "2.0", "3.0", "1!2.0"),
)
BUILDS = ("py_0", "h1_1")


def matches(spec: str) -> list[list[str]] | None:
    """Return the versions and builds above that ``spec`` matches, according to conda."""
    match_spec = importlib.import_module("conda.models.match_spec").MatchSpec
    try:
        parsed = match_spec(spec)
        return [
            pair for pair in map(list, product(VERSIONS, BUILDS)) if parsed.match(_record(*pair))
        ]
    except Exception:
        return None


@cache
def _record(version: str, build: str) -> object:
    record_class = importlib.import_module("conda.models.records").PackageRecord
    return record_class(
        name="foo",
        version=version,
        build=build,
        build_number=int(build[-1]),
        channel="conda-forge",
        subdir="linux-64",
        fn=f"foo-{version}-{build}.conda",
    )


if __name__ == "__main__":
    install_alias()
    specs = json.load(sys.stdin)
    json.dump([matches(spec) for spec in specs], sys.stdout)
