"""Indexes for some projects only: the manifest's own, and PyTorch's for an accelerator."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable

from conda_multiplat.engines.pypi.index_logins import index_logins, with_login
from conda_multiplat.lockfile.pypi_provenance import has_pytorch
from conda_multiplat.manifest.pypi_options import CUDA_BACKENDS, PypiOptions
from conda_multiplat.solving.markers import required_projects
from conda_multiplat.solving.pypi import PypiRequest
from conda_multiplat.vocabulary.pip_options import split_option
from conda_multiplat.vocabulary.records import PypiRecord

#: The name of the project that only tells uv the indexes of other projects.
SOURCES = "conda-multiplat-sources"
_PLACES = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--no-index")


def asked_with_sources(request: PypiRequest) -> frozenset[str]:
    """Return the projects that lines request on this target and that have an index of their own."""
    target = request.target
    requested = required_projects(request.requirements, target.subdir, request.python)
    return frozenset(requested) & with_sources(request)


def with_sources(request: PypiRequest) -> frozenset[str]:
    """Return the projects that come from their own index, unless conda provides them."""
    return sourced(request) - {package.name for package in request.provided}


def sourced(request: PypiRequest) -> frozenset[str]:
    """Return the projects with an index of their own, for packages that conda does not provide."""
    return frozenset(name for name, _ in request.target.pypi_options.sources)


def sources_project(options: PypiOptions, names: Collection[str]) -> str:
    """Return a ``pyproject.toml`` that makes uv use only the given indexes for some projects."""
    sources = {name: index for name, index in options.sources if name in names}
    logins = index_logins(os.environ)
    lines = ["[project]", f'name = "{SOURCES}"', 'version = "0"']
    lines += [f"dependencies = {json.dumps(sorted(sources))}", "[tool.uv.sources]"]
    lines += [f"{name} = {{ index = {json.dumps(sources[name])} }}" for name in sorted(sources)]
    for name, url in options.indexes:
        if name in sources.values():
            lines += ["[[tool.uv.index]]", f"name = {json.dumps(name)}", "explicit = true"]
            full_url = with_login(os.path.expandvars(url), logins)
            lines += [f"url = {json.dumps(full_url)}"]
    return "\n".join(lines) + "\n"


def torch_backend(request: PypiRequest) -> str:
    """Return uv's name of the accelerator for PyTorch's packages; ``""`` for PyPI's own builds.

    The manifest's value, or else the promised CUDA, or ``cpu`` without one. It is ``""`` if the
    manifest states where the packages come from, or if conda provides PyTorch itself.
    """
    target = request.target
    options, stated = target.pypi_options, target.pypi_options.torch_backend
    named_places = any(split_option(line.text)[0] in _PLACES for line in target.view.pypi)
    if not has_pytorch(target.subdir, options, named_places=named_places):
        return ""
    if stated:
        return stated
    if "torch" in {package.name for package in request.provided}:
        return ""
    cuda = next(
        (package.version for package in target.virtual_packages if package.name == "__cuda"), ""
    )
    return cuda_backend(cuda) if cuda else "cpu"


def cuda_backend(version: str) -> str:
    """Return the newest of uv's names that a version of CUDA supports; ``cpu`` if it is too old."""
    major, minor, *_ = [*version.split("."), "0"]
    numbers = (int(major), int(minor))
    fitting = [name for name in CUDA_BACKENDS if (int(name[2:-1]), int(name[-1])) <= numbers]
    return next(iter(fitting), "cpu")


def used_backend(request: PypiRequest, records: Iterable[PypiRecord]) -> str:
    """Return the accelerator of the records; ``""`` if none comes from PyTorch's index."""
    backend = torch_backend(request)
    return backend if any(f"/whl/{backend}/" in record.url for record in records) else ""
