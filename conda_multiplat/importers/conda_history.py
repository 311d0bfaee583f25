"""conda's ``conda-meta/history``: the user's requests for an environment.

It is read as ``conda env export --from-history`` does: a later spec of a package replaces earlier
ones, and removed packages are dropped.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from conda_multiplat.vocabulary.names import spec_name

_SPECS = re.compile(r"#\s*(\w+)\s*specs:\s*(.+)?")
_ADDING = ("update", "install", "create", "neutered")
_REMOVING = ("remove", "uninstall")
#: The subdir in ``channel/subdir::name``, which an explicit install records; specs have none.
_PLATFORM = re.compile(r"/(?:noarch|[a-z]+-[a-z0-9_]+)(?=::)")


def requested_specs(history: str) -> dict[str, str]:
    """Return the current MatchSpecs, by package."""
    specs: dict[str, str] = {}
    for line in history.splitlines():
        match = _SPECS.match(line)
        if match is None:
            continue
        for spec in _listed(match[2] or ""):
            name = spec_name(spec)
            if match[1] in _REMOVING:
                specs.pop(name, None)
            elif match[1] in _ADDING and name:
                specs[name] = _PLATFORM.sub("", spec)
    return specs


def _listed(text: str) -> Iterator[str]:
    """Return the specs of a line: a Python list, or in old histories ``a,b >=1,<2,c``."""
    if text.startswith("["):
        try:
            yield from map(str, ast.literal_eval(text))
        except (ValueError, SyntaxError):
            return
    elif "[" not in text:
        yield from _old_form(text)


def _old_form(text: str) -> Iterator[str]:
    held = ""
    for part in text.split(","):
        if held and part[:1].isalpha():
            yield held.strip()
            held = part
        else:
            held = f"{held},{part}" if held else part
    if held.strip():
        yield held.strip()
