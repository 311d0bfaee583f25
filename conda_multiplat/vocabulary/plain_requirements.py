"""Simple PyPI requirements: a name, extras and bounds, as most manifests have them.

``packaging`` reads every requirement, but importing it takes longer than reading a manifest. Both
read simple requirements in the same way.
"""

from __future__ import annotations

import re

from conda_multiplat.vocabulary.names import project_name
from conda_multiplat.vocabulary.pip_places import ARCHIVES

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_VERSION = r"[0-9]+(?:\.[0-9]+)*(?:(?:a|b|rc)[0-9]+)?(?:\.post[0-9]+)?"
_BOUND = (
    rf"(?:(?:<=?|>=?)\s*{_VERSION}|[=!]=\s*(?:{_VERSION}|[0-9]+(?:\.[0-9]+)*\.\*)"
    r"|~=\s*[0-9]+(?:\.[0-9]+)+)"
)
_PLAIN = re.compile(
    rf"(?P<name>{_NAME})\s*(?:\[\s*{_NAME}(?:\s*,\s*{_NAME})*\s*\])?"
    rf"\s*(?:{_BOUND}(?:\s*,\s*{_BOUND})*)?"
)


def plain_name(entry: str) -> str:
    """Return the normalised name of a simple requirement; ``""`` for any other entry."""
    match = None if entry.rstrip().lower().endswith(ARCHIVES) else _PLAIN.fullmatch(entry)
    return project_name(match["name"]) if match else ""
