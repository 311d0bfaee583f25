"""``multiplat: audit:``: ignored vulnerabilities, with the reason and the last day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import yaml

from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.yaml_nodes import Reader, Text

AUDIT = ("ignore",)
#: All keys are required: without a reason and a last day, an entry would be kept forever.
IGNORED = ("id", "reason", "until")
#: The pattern of a vulnerability's name.
VULNERABILITY = r"[A-Za-z0-9][A-Za-z0-9._:-]*"
DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_HINTS = {
    "id": "name the vulnerability: `id: GHSA-…`, `CVE-…` or `PYSEC-…`",
    "reason": "write why it does no harm here: `reason: we read only our own files`",
    "until": "write the last day on which it is ignored: `until: 2027-06-30`",
}


class Ignored(NamedTuple):
    """An ignored vulnerability.

    Attributes:
        id: any of its names.
        reason: why it is ignored.
        until: the last day on which it is ignored (UTC), ``YYYY-MM-DD``.
        at: the location of the entry.
    """

    id: str
    reason: str
    until: str
    at: Location

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        file, line, _ = self.at
        return {"reason": self.reason, "until": self.until, "file": file, "line": line}


def read_audit_options(reader: Reader, node: yaml.Node) -> tuple[Ignored, ...]:
    """Read the value of ``audit:``, adding problems to ``reader``."""
    reader.no_selectors(node, "audit")
    keys = reader.known(node, "audit", AUDIT)
    if "ignore" not in keys:
        return ()
    return tuple(_ignored(reader, keys["ignore"][1]))


def _ignored(reader: Reader, node: yaml.Node) -> Iterator[Ignored]:
    what = "an entry of ignore"
    for item in reader.items(node, "ignore"):
        keys = reader.known(item, what, IGNORED)
        texts = {name: reader.text(keys[name][1], name) for name in IGNORED if name in keys}
        if isinstance(item, yaml.MappingNode):
            for name in IGNORED:
                if name not in keys:
                    reader.problem(item, f"{what} has no `{name}`", _HINTS[name])
        usable = {
            name: text for name, text in texts.items() if text and _is_usable(reader, name, text)
        }
        if len(usable) == len(IGNORED):
            values = {name: usable[name].value for name in IGNORED}
            yield Ignored(**values, at=reader.place(item))


def _is_usable(reader: Reader, name: str, text: Text) -> bool:
    """Return whether a value is valid; add a problem if not."""
    if name == "reason" and text.value.strip():
        return True
    if name == "id" and re.fullmatch(VULNERABILITY, text.value):
        return True
    if name == "until" and _is_date(text.value):
        return True
    message = f"{name} is not {_KINDS[name]}: {text.value!r}"
    reader.problem(text.at, message, _HINTS[name])
    return False


_KINDS = {"id": "the name of a vulnerability", "reason": "an explanation", "until": "a date"}


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(DATE, text) and date.fromisoformat(text))
    except ValueError:
        return False
