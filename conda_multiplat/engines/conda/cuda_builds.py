"""CPU builds and CUDA builds: how to tell them, and why one of them was chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence

import rattler

from conda_multiplat.vocabulary.match_spec import parse_spec
from conda_multiplat.vocabulary.names import spec_name

_CUDA_NAMES = frozenset({"__cuda", "cuda-version", "cudatoolkit"})
_CUDA_BUILD = re.compile(r"cuda|gpu")


def is_cuda(record: rattler.RepoDataRecord) -> bool:
    """Whether a package is a CUDA build: by what it depends on, or by its build string."""
    names = {spec_name(spec) for spec in record.depends}
    return bool(names & _CUDA_NAMES or _CUDA_BUILD.search(str(record.build)))


def cuda_spec(asked: str, records: Sequence[rattler.RepoDataRecord], channel: str = "") -> str:
    """The MatchSpec ``asked``, for CUDA builds only; ``""`` where builds don't tell.

    ``channel`` is the one to take them from, ``""`` for any.
    """
    spec = parse_spec(asked)
    bare = f"{spec.name} {spec.fields.get('version', '*')}"
    bare = f"{channel}::{bare}" if channel else bare
    builds = [str(each.build) for each in records]
    if all(build.startswith("cuda") for build in builds):
        return f"{bare} cuda*"
    return f"{bare} *cuda*" if all("cuda" in build for build in builds) else ""


def reason(
    chosen: rattler.RepoDataRecord,
    builds: Sequence[rattler.RepoDataRecord],
    found: Sequence[rattler.RepoDataRecord],
    channel: str = "",
) -> str:
    """Why a CPU build was chosen, as far as versions, the Python and the channels say.

    Args:
        chosen: the CPU build.
        builds: the CUDA builds of the package.
        found: all that was chosen.
        channel: the channel of the CUDA builds, where another one's priority rules them out.
    """
    if channel:
        return f"its CUDA builds are in {channel}, after a channel that has it too (priority)"
    same = [each for each in builds if str(each.version) == str(chosen.version)]
    if not same:
        return f"{chosen.version} has no CUDA build"
    python = next((each for each in found if each.name.normalized == "python"), None)
    if python is not None and not any(_fits(each, python) for each in same):
        minor = ".".join(str(python.version).split(".")[:2])
        return f"{chosen.version} has no CUDA build for python {minor}"
    return f"the CUDA build of {chosen.version} lost"


def _fits(record: rattler.RepoDataRecord, python: rattler.RepoDataRecord) -> bool:
    specs = [spec for spec in record.depends if spec_name(spec) == "python"]
    return all(rattler.MatchSpec(spec, strict=False).matches(python) for spec in specs)
