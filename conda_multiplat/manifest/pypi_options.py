"""``multiplat: pypi:``: how versions of PyPI packages are chosen, the same for all who lock."""

from __future__ import annotations

from typing import NamedTuple

import yaml

from conda_multiplat.vocabulary.names import did_you_mean, nearest_or_all
from conda_multiplat.vocabulary.yaml_nodes import Reader

#: Each key and the values that uv knows for it, its default first.
CHOICES = {
    "resolution": ("highest", "lowest", "lowest-direct"),
    "prerelease": ("if-necessary-or-explicit", "if-necessary", "explicit", "allow", "disallow"),
    "index-strategy": ("first-index", "unsafe-first-match", "unsafe-best-match"),
}


class PypiOptions(NamedTuple):
    """What the manifest says; ``""`` where it is silent, and uv's default holds.

    Attributes:
        resolution: whether the newest or the oldest versions are taken that fit.
        prerelease: when pre-releases count.
        index_strategy: which index a package may come from, of several.
    """

    resolution: str = ""
    prerelease: str = ""
    index_strategy: str = ""

    def said(self) -> dict[str, str]:
        """What is said, by its key."""
        return {key: value for key, value in zip(CHOICES, self, strict=True) if value}


def read_pypi_options(reader: Reader, node: yaml.Node) -> PypiOptions:
    """The value of ``pypi:``, its problems going to ``reader``."""
    reader.no_selectors(node, "pypi")
    chosen = {}
    for name, (key, child) in reader.mapping(node, "pypi").items():
        if name not in CHOICES:
            hint = nearest_or_all(name, CHOICES)
            reader.problem(key.at, f"unknown key {name!r} in pypi", hint)
            continue
        text = reader.text(child, name)
        if text and text.value not in CHOICES[name]:
            hint = did_you_mean(text.value, CHOICES[name], f"write {', '.join(CHOICES[name])}")
            reader.problem(text.at, f"unknown {name} {text.value!r}", hint)
        chosen[name] = text.value if text else ""
    return PypiOptions(*(chosen.get(key, "") for key in CHOICES))
