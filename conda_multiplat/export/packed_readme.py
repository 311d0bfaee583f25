"""``README.md`` of a packed environment: its content, and how to create the environment."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from conda_multiplat.export.explicit import machine_lines
from conda_multiplat.export.packed import (
    SUMS,
    Description,
    can_be_packed,
    explicit_name,
    packed_part,
    requirements_name,
    why_not,
)
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.lockfile.platform_changes import packages

_HEAD = """\
# {title}

{count}, exactly as they are locked, with all that is needed to
install them without a network, on a machine of the platform {subdir}.

## With conda-multiplat

    conda multiplat unpack {file} -n {name}

(or `conda-multiplat unpack …`, with no conda.) Each file is verified, and whether this machine can
run the packages, before anything is changed.

## With any conda

In an empty folder, with {file} beside it:

    tar -xf ../{file}
    {check}
    conda create --offline --name {name} --file {explicit}
"""
_PIP = """\
    conda run --name {name} python -m pip install --no-index --no-deps --require-hashes -r {file}
"""
_NO_PIP = """
pip is not among the packages: one from elsewhere installs the wheels.

    python -m pip --python PREFIX install --no-index --no-deps --require-hashes -r {file}
"""
_CONDA = """
conda neither verifies files on the disk, which is what {sums} is for, nor asks whether the
machine can run them.
"""
_PIXI = """
## With pixi-unpack

    pixi-unpack {file}

It verifies nothing but what the archive says of itself, and sets no variables.
"""


def readme(
    packed: Description, name: str, file: str, locked: PlatformLock, variables: Mapping[str, str]
) -> str:
    """The text, with LF line ends.

    Args:
        packed: what it is.
        name: what the conda environment is called.
        file: the archive's name.
        locked: what is locked for the platform.
        variables: those that are set where the environment is active.
    """
    part, subdir = packed_part(locked), packed.platform
    count = packages(len(part.records))
    words = {
        "title": f"{name} ({packed.environment}) for {subdir}",
        "count": f"{count} of conda and {packages(len(part.pypi))} of PyPI" if part.pypi else count,
        "subdir": subdir,
        "file": file,
        "name": name,
        "check": _check(subdir),
        "explicit": explicit_name(subdir),
    }
    lines = _HEAD.format(**words) + _variables(name, subdir, variables)
    if part.pypi:
        has_pip = any(record.name == "pip" for record in part.records)
        lines += (_PIP if has_pip else _NO_PIP).format(name=name, file=requirements_name(subdir))
    lines += _CONDA.format(sums=SUMS) + _PIXI.format(file=file)
    lines += _section("What the machine must have", _needs(locked))
    others = [why_not(record) for record in locked.pypi if not can_be_packed(record)]
    return lines + _section("What is locked and not in here: it would have to be built", others)


def _check(subdir: str) -> str:
    if subdir.startswith("win-"):
        return f"certutil -hashfile FILE SHA256     (for each FILE in {SUMS})"
    program = "shasum -a 256" if subdir.startswith("osx-") else "sha256sum"
    return f"{program} --check {SUMS}"


def _variables(name: str, subdir: str, variables: Mapping[str, str]) -> str:
    """Return the lines that set activation's variables, with PowerShell's quotes on Windows."""

    def quoted(text: str) -> str:
        doubled = text.replace("'", "''")
        return f"'{doubled}'" if subdir.startswith("win-") else shlex.quote(text)

    pairs = [quoted(f"{key}={value}") for key, value in sorted(variables.items())]
    return "".join(f"    conda env config vars set --name {name} {pair}\n" for pair in pairs)


def _needs(locked: PlatformLock) -> list[str]:
    return [line.strip() for line in machine_lines(locked)]


def _section(title: str, lines: Iterable[str]) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"\n## {title}\n\n{body}" if body else ""
