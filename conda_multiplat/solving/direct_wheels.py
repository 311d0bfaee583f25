"""Check wheels that are given by URL or path against the tags of a target.

They come from lines of ``pip:`` or from the metadata of packages.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from packaging.tags import Tag

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving.extras import with_extras
from conda_multiplat.solving.pypi import PypiRequest, PypiSolution
from conda_multiplat.solving.read_pylock import rank, wheel_tags
from conda_multiplat.solving.wheel_tags import least, promise_for
from conda_multiplat.vocabulary.channels import file_of
from conda_multiplat.vocabulary.graph import depends_of, reachable
from conda_multiplat.vocabulary.markers import holds_for
from conda_multiplat.vocabulary.pip_options import CONSTRAINT, EDITABLE, HASH, split_option
from conda_multiplat.vocabulary.pip_places import is_at, place_of

_LINUX = re.compile(r"(manylinux_\d+_\d+|manylinux\d+|linux)_(?P<machine>.+)")
_OSX = re.compile(r"macosx_\d+_\d+_(?P<machine>.+)")
_WIN = {"win32": "x86", "win_amd64": "AMD64", "win_arm64": "ARM64"}
_FAT = {"universal2": ("arm64", "x86_64"), "intel": ("x86_64",), "universal": ("x86_64",)}
_SYSTEMS = {"linux": "linux", "osx": "darwin", "win": "win32"}
#: The two parts of a subdir -> the machine in markers, if its name differs.
_MACHINES = {("win", "64"): "AMD64", ("win", "arm64"): "ARM64", ("linux", "32"): "i686"}
_MACHINES |= {("linux", "64"): "x86_64", ("osx", "64"): "x86_64", ("win", "32"): "x86"}
_PYTHON = re.compile(r"(cp|py)(?P<major>\d)(?P<minor>\d*)")


def unfit_wheels(
    request: PypiRequest, subdirs: Collection[str]
) -> Iterator[tuple[Requirement, str, str]]:
    """Yield lines whose wheels the target can't run: the line, what is wrong, and what to write.

    Args:
        request: the target's request.
        subdirs: all platforms that are locked, which a marker has to tell apart.
    """
    target, python = request.target, request.python
    ranked = request.tags()
    for line in target.view.pypi:
        text = line.text.removeprefix(CONSTRAINT)
        place = None if text.startswith(("-", HASH)) else place_of(text)
        file = file_of(place.where) if place else ""
        if not file.endswith(".whl") or not holds_for(text, target.subdir, python):
            continue
        has = list(wheel_tags(file))
        if not has:
            yield line, f"{file} is not a valid wheel name", "for example x-1.0-py3-none-any.whl"
        elif not set(has) & set(ranked):
            wrong = f"{file} can't be installed on {{}}, Python {'.'.join(python.split('.')[:2])}"
            yield line, wrong, _hint(has, ranked, target.subdir, subdirs)


def unfit_needs(
    solution: PypiSolution, subdirs: Collection[str]
) -> Iterator[tuple[Requirement, str, str]]:
    """Yield the lines that bring a wheel that another package names and the target can't run.

    Files from an index are chosen by the target's tags, but those that a package's metadata names
    are not. Arguments and results are those of :func:`unfit_wheels`.
    """
    request = solution.request
    target, python = request.target, request.python
    ranked = request.tags()
    ranks = {tag: place for place, tag in enumerate(ranked)}
    for record in solution.records:
        if not record.is_wheel or rank(record.url, ranks) is not None:
            continue
        dependents = sorted(
            wheel.name for wheel in solution.records if record.name in wheel.depends
        )
        file = file_of(record.url)
        where = f"can't be installed on {{}}, Python {'.'.join(python.split('.')[:2])}"
        by = f", and {' and '.join(dependents)} {'need' if len(dependents) > 1 else 'needs'} it"
        hint = _hint(list(wheel_tags(file)), ranked, target.subdir, subdirs)
        for line in _bringing(record.name, solution):
            yield line, f"{line.text}: {file} {where}{by if dependents else ''}", hint


def _bringing(name: str, solution: PypiSolution) -> Iterator[Requirement]:
    """Yield the lines that lead to a package."""
    depends = depends_of(solution.records)
    lines = solution.request.requirements
    for line in with_extras(lines, solution.extras):
        option, place = split_option(line.text)
        roots = [line.name] if line.name and not line.text.startswith(CONSTRAINT) else []
        if not line.name and (not option or option in EDITABLE) and not line.text.startswith(HASH):
            roots = [record.name for record in solution.records if is_at(place, record.url)]
        if name in reachable(roots, depends):
            yield line


def _hint(has: Sequence[Tag], ranked: Sequence[Tag], subdir: str, subdirs: Collection[str]) -> str:
    """Return a hint: the marker that limits the line to the wheel's targets, or what else helps."""
    runs = {tag.platform for tag in ranked}
    platforms = {tag.platform for tag in has}
    marker = _platform_marker(platforms, subdir, subdirs)
    if not runs & platforms and not marker:
        promises = [platform for platform in sorted(platforms) if promise_for(platform)]
        if promise := promise_for(least(promises)) if promises else "":
            return f"promise {promise} for {subdir} under multiplat: virtual-packages"
        return f"take a wheel for {subdir}"
    pythons = {(tag.interpreter, tag.abi) for tag in ranked}
    markers = [marker] if not runs & platforms else []
    if not pythons & {(tag.interpreter, tag.abi) for tag in has} or not markers:
        markers.append(_python_marker(has))
    return f"add `; {' and '.join(filter(None, markers))}` to the line, or take a wheel that fits"


def _platform_marker(platforms: Collection[str], subdir: str, subdirs: Collection[str]) -> str:
    """Return the marker for a wheel's platforms; ``""`` if it fits ``subdir``, or none is known."""
    kinds = {kind for platform in platforms for kind in _kinds(platform)}
    family, _, part = subdir.partition("-")
    if not kinds or (family, _MACHINES.get((family, part), part)) in kinds:
        return ""
    parts = [name.partition("-")[::2] for name in subdirs]
    others = {(name, _MACHINES.get((name, kind), kind)) for name, kind in parts} - kinds
    choices = []
    for name in sorted({name for name, _ in kinds}):
        system = f'sys_platform == "{_SYSTEMS[name]}"'
        machines = sorted(machine for kind, machine in kinds if kind == name)
        if any(kind == name for kind, _ in others):
            condition = " or ".join(f'platform_machine == "{machine}"' for machine in machines)
            system += f" and ({condition})" if len(machines) > 1 else f" and {condition}"
        choices.append(system)
    text = " or ".join(choices)
    return f"({text})" if len(choices) > 1 else text


def _kinds(platform: str) -> Iterator[tuple[str, str]]:
    """Yield the families and machines that a platform tag is for."""
    if match := _LINUX.fullmatch(platform):
        yield "linux", match["machine"]
    elif match := _OSX.fullmatch(platform):
        for machine in _FAT.get(match["machine"], (match["machine"],)):
            yield "osx", machine
    elif platform in _WIN:
        yield "win", _WIN[platform]


def _python_marker(has: Sequence[Tag]) -> str:
    """Return the marker for a wheel's Pythons: some versions, or all from one on (``abi3``)."""
    matches = [match for tag in has if (match := _PYTHON.fullmatch(tag.interpreter))]
    versions = sorted({(int(match["major"]), int(match["minor"] or 0)) for match in matches})
    if not versions:
        return 'implementation_name != "cpython"'
    if all(not match["minor"] for match in matches):
        return f'python_version < "{versions[-1][0] + 1}"'
    grows = any(tag.abi == "abi3" or tag.interpreter.startswith("py") for tag in has)
    sign = ">=" if grows else "=="
    stated = versions[:1] if grows else versions
    text = " or ".join(f'python_version {sign} "{major}.{minor}"' for major, minor in stated)
    return f"({text})" if len(stated) > 1 else text
