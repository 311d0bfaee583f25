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
    why_not_packed,
)
from conda_multiplat.lockfile.model import PlatformLock
from conda_multiplat.lockfile.platform_changes import packages

_HEAD = """\
# {title}

{count}, exactly as locked, with everything that is needed to install
them without a network, on a machine of the platform {subdir}.

## With conda-multiplat

    conda multiplat unpack {file} -n {name}

(or `conda-multiplat unpack …`, without conda). Before it changes anything, it verifies each file
and checks that this machine can run the packages.

## With any conda

In an empty folder next to {file}:

    tar -xf ../{file}
    {check}
    conda create --offline --name {name} --file {explicit}
"""
_PIP = """\
    conda run --name {name} python -m pip install --no-index --no-deps --require-hashes -r {file}
"""
_NO_PIP = """
pip is not among the packages: install the wheels with another one.

    python -m pip --python PREFIX install --no-index --no-deps --require-hashes -r {file}
"""
_CONDA = """
conda does not verify local files, which is what {sums} is for, and does not check that the
machine can run the packages.
"""
_PIXI = """
## With pixi-unpack

    pixi-unpack {file}

It verifies only what the archive states about itself, and sets no variables.
"""


def readme(
    packed: Description, name: str, file: str, locked: PlatformLock, variables: Mapping[str, str]
) -> str:
    """Return the text, with LF line endings.

    Args:
        packed: its description.
        name: the conda environment's name.
        file: the archive's name.
        locked: the lock of the platform.
        variables: the variables that activation sets.
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
    left_out = [why_not_packed(record) for record in locked.pypi if not can_be_packed(record)]
    return lines + _section("Locked, but not included, since it would have to be built", left_out)


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
