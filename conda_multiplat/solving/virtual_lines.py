"""Advice for lines that require virtual packages directly, ``- __cuda >=12``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.match_spec import parse_spec
from conda_multiplat.vocabulary.virtual_packages import promise_problem

#: The version to promise if a line names none.
_EXAMPLES = {"cuda": "12.4", "archspec": "x86_64_v3"}
_NOT_PROMISED = "%s is a virtual package that is not promised"
_LOWEST = re.compile(r"(?:>=|==|~=)([0-9][0-9A-Za-z.]*)|([0-9][0-9A-Za-z.]*)\.\*")


def is_virtual(line: Requirement) -> bool:
    """Return whether a line requires a virtual package."""
    return line.name.startswith("__")


def virtual_advice(request: SolveRequest, lines: Iterable[Requirement]) -> tuple[str, ...]:
    """Return what to promise for lines that no promise satisfies, or why it can't be promised."""
    return tuple(
        advice for line in lines if is_virtual(line) and (advice := _advice(request, line))
    )


def _advice(request: SolveRequest, line: Requirement) -> str:
    subdir, name = request.target.subdir, line.name.removeprefix("__")
    value = _value(line, name)
    if not value:
        return ""
    if problem := promise_problem(subdir, name, value):
        return f"{problem[0]}: give the line a selector, or leave it out"
    promised = [package for package in request.virtual_packages if package.name == line.name]
    versions = [package.build if name == "archspec" else package.version for package in promised]
    why = (
        f"{subdir} is promised {line.name} {versions[0]}" if versions else _NOT_PROMISED % line.name
    )
    return f'{why}: write `{subdir}: {{{name}: "{value}"}}` under multiplat: virtual-packages'


def _value(line: Requirement, name: str) -> str:
    """Return a value that fits a line; ``""`` if none can be derived from it."""
    fields = parse_spec(line.text).fields
    if name == "archspec":
        return fields.get("build", _EXAMPLES[name]).strip("*")
    version = fields.get("version", "")
    if match := _LOWEST.search(version):
        return match[1] or match[2]
    return "" if version.strip("*") else _EXAMPLES.get(name, "1.0")
