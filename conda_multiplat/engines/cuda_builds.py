"""Which of a solution's packages are CPU builds although their channel has CUDA builds."""

from __future__ import annotations

import re
from collections.abc import Sequence

import rattler

from conda_multiplat.match_spec import parse_spec
from conda_multiplat.names import spec_name

_CUDA_NAMES = frozenset({"__cuda", "cuda-version", "cudatoolkit"})
_CUDA_BUILD = re.compile(r"cuda|gpu")


def is_cuda(record: rattler.RepoDataRecord) -> bool:
    """Whether a package is a CUDA build: by what it depends on, or by its build string."""
    names = {spec_name(spec) for spec in record.depends}
    return bool(names & _CUDA_NAMES or _CUDA_BUILD.search(str(record.build)))


def cuda_spec(asked: str, records: Sequence[rattler.RepoDataRecord]) -> str:
    """The MatchSpec ``asked``, for CUDA builds only; ``""`` where builds don't tell."""
    spec = parse_spec(asked)
    bare = f"{spec.name} {spec.fields.get('version', '*')}"
    builds = [str(each.build) for each in records]
    if all(build.startswith("cuda") for build in builds):
        return f"{bare} cuda*"
    return f"{bare} *cuda*" if all("cuda" in build for build in builds) else ""


def reason(
    chosen: rattler.RepoDataRecord,
    cuda: Sequence[rattler.RepoDataRecord],
    python: rattler.RepoDataRecord | None,
) -> str:
    """Why the CPU build was chosen, as far as the versions and the Python say."""
    same = [each for each in cuda if str(each.version) == str(chosen.version)]
    if not same:
        return f"{chosen.version} has no CUDA build"
    if python is not None and not any(_fits(each, python) for each in same):
        minor = ".".join(str(python.version).split(".")[:2])
        return f"{chosen.version} has no CUDA build for python {minor}"
    return f"the CUDA build of {chosen.version} lost"


def _fits(record: rattler.RepoDataRecord, python: rattler.RepoDataRecord) -> bool:
    specs = [spec for spec in record.depends if spec_name(spec) == "python"]
    return all(rattler.MatchSpec(spec, strict=False).matches(python) for spec in specs)
