"""Check, before anything is solved, that the local paths in ``pip:`` exist."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from conda_multiplat.machine.files import shown
from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.errors import Problem
from conda_multiplat.vocabulary.pip_options import (
    CONSTRAINT,
    EDITABLE,
    HASH,
    INDEXES,
    LINKS,
    split_option,
)
from conda_multiplat.vocabulary.pip_places import ARCHIVES, Place, editable_place, place_of

_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_PROJECT = ("pyproject.toml", "setup.py")


def missing_places(lines: Iterable[Requirement], base: Path) -> Iterator[Problem]:
    """Yield what is wrong with the paths in lines, and with the variables in their URLs."""
    for line in lines:
        text = line.text.removeprefix(CONSTRAINT)
        option, value = split_option(text)
        unset = [name for name in _VARIABLE.findall(text) if name not in os.environ]
        if unset:
            hint = f"set {' and '.join(unset)} in the environment before locking"
            yield Problem(line.at, f"{text}: ${{{unset[0]}}} is not set", hint)
        elif option in (*INDEXES, *LINKS):
            yield from _source(line, option, os.path.expandvars(value), base)
        elif (not option and not text.startswith(HASH)) or option in EDITABLE:
            place = editable_place(value) if option else place_of(text)
            if place and place.is_path:
                yield from _project(line, text, bool(option), base / place.path)


def _source(line: Requirement, option: str, value: str, base: Path) -> Iterator[Problem]:
    place = Place(value)
    if not place.is_path:
        return
    path = base / place.path
    if option in INDEXES and not path.is_dir():
        hint = "write the URL of an index, https://HOST/simple, or a folder that is one"
        yield Problem(line.at, f"{option}: no folder {shown(path)}", hint)
    elif not path.exists():
        hint = "write an existing folder of wheels, or the URL of a page with links to wheels"
        yield Problem(line.at, f"{option}: neither a folder nor a file: {shown(path)}", hint)
    elif path.is_file() and path.name.lower().endswith(ARCHIVES):
        hint = f"write the folder, or the wheel by itself: `./{path.name}`"
        yield Problem(line.at, f"{option} takes a folder or a page: {shown(path)}", hint)


def _project(line: Requirement, text: str, editable: bool, path: Path) -> Iterator[Problem]:
    name = shown(path)
    if path.is_dir():
        if not any((path / file).is_file() for file in _PROJECT):
            hint = f"it has neither {' nor '.join(_PROJECT)}: write the folder that has one"
            yield Problem(line.at, f"{text}: no Python project in {name}", hint)
    elif not path.exists():
        hint = "write an existing path, relative to the file that has the line"
        yield Problem(line.at, f"{text}: there is no {name}", hint)
    elif editable:
        hint = "write it without -e, or write the project's folder"
        yield Problem(line.at, f"{text}: -e takes a folder, {name} is a file", hint)
    elif not path.name.lower().endswith(ARCHIVES):
        hint = f"a file of requirements is read with `-r {path.name}`"
        yield Problem(line.at, f"{text}: {name} is neither a wheel nor a source archive", hint)
