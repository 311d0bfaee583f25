"""Check the types of values in a pixi manifest before it is read: text, lists and tables.

Other keys of pixi, and those that are only listed as not converted, are not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conda_multiplat.importers.toml_lines import Places
from conda_multiplat.vocabulary.errors import Problem


@dataclass(frozen=True)
class Shape:
    """The allowed shape of a value.

    Attributes:
        kinds: the allowed types.
        words: the same in words.
        items: of a list: the shape of its items.
        keys: of a table: the shapes of some keys' values.
        others: of a table: the shape of all other keys' values; any if ``None``.
    """

    kinds: tuple[type, ...]
    words: str
    items: Shape | None = None
    keys: Mapping[str, Shape] = field(default_factory=dict)
    others: Shape | None = None

    def problems(self, value: Any, places: Places, path: tuple[str, ...]) -> Iterator[Problem]:
        """Return what has another shape in ``value`` at ``path``."""
        is_flag = isinstance(value, bool)  # a boolean is a number for Python
        if not isinstance(value, self.kinds) or (is_flag and bool not in self.kinds):
            hint = "put it in quotes" if str in self.kinds and type(value) in {int, float} else ""
            yield Problem(places.at(*path), f"{path[-1]} is {_kind(value)}, not {self.words}", hint)
        elif isinstance(value, list) and self.items:
            for entry in value:
                yield from self.items.problems(entry, places, path)
        elif isinstance(value, Mapping):
            for key, entry in value.items():
                if shape := self.keys.get(key, self.others):
                    yield from shape.problems(entry, places, (*path, key))


def _kind(value: object) -> str:
    kinds: dict[type, str] = {str: "text", list: "a list", dict: "a table", bool: "true or false"}
    return kinds.get(type(value), "a number or a date")


def _list(items: Shape, words: str) -> Shape:
    return Shape((list,), words, items=items)


def _table(keys: Mapping[str, Shape] | None = None, others: Shape | None = None) -> Shape:
    return Shape((dict,), "a table", keys=keys or {}, others=others)


def _or(words: str, *shapes: Shape) -> Shape:
    """Return the union of shapes, of which at most one is a list and one a table."""
    return Shape(
        kinds=tuple(kind for shape in shapes for kind in shape.kinds),
        words=words,
        items=next((shape.items for shape in shapes if shape.items), None),
        keys={key: shape for table in shapes for key, shape in table.keys.items()},
        others=next((shape.others for shape in shapes if shape.others), None),
    )


_TEXT = Shape((str,), "text")
_FLAG = Shape((bool,), "true or false")
_TEXTS = _list(_TEXT, "a list of text")
_SPEC_TEXTS = ("version", "build", "channel", "path", "git", "url", "md5", "sha256")
_SPEC = _or("a version or a table", _TEXT, _table(dict.fromkeys(_SPEC_TEXTS, _TEXT)))
_PYPI_TEXTS = (
    *("version", "index", "git", "branch", "tag", "rev", "url", "path", "subdirectory"),
    "env-markers",
)
_PYPI = _or(
    "a version or a table",
    _TEXT,
    _table({**dict.fromkeys(_PYPI_TEXTS, _TEXT), "extras": _TEXTS, "editable": _FLAG}),
)
_NAMES_OR_ALL = _or("true, or a list of names", _FLAG, _TEXTS)
_PYPI_OPTIONS = _table(
    {
        "index-url": _TEXT,
        "extra-index-urls": _TEXTS,
        "find-links": _list(_table(others=_TEXT), "a list of tables"),
        "no-build": _NAMES_OR_ALL,
        "no-binary": _NAMES_OR_ALL,
    }
)
_CHANNELS = _list(
    _or(
        "a name or a table",
        _TEXT,
        _table({"channel": _TEXT, "priority": Shape((int,), "a number")}),
    ),
    "a list of channels",
)
_TARGET: dict[str, Shape] = {
    **dict.fromkeys(
        ("dependencies", "host-dependencies", "build-dependencies"), _table(others=_SPEC)
    ),
    "pypi-dependencies": _table(others=_PYPI),
    "activation": _table({"scripts": _TEXTS, "env": _table(others=_TEXT)}),
}
_VERSION = _or("a version or a table", _TEXT, _table(others=_TEXT))
_FEATURE: dict[str, Shape] = {
    **_TARGET,
    "channels": _CHANNELS,
    "platforms": _TEXTS,
    "system-requirements": _table({"libc": _VERSION}, _TEXT),
    "pypi-options": _PYPI_OPTIONS,
    "target": _table(others=_table(_TARGET)),
}
_ENVIRONMENT = _or(
    "a list of features or a table",
    _TEXTS,
    _table({**_FEATURE, "features": _TEXTS, "solve-group": _TEXT, "no-default-feature": _FLAG}),
)
_MAPPING = _table(others=_or("a name, a list of names, or false", _TEXT, _TEXTS, _FLAG))
_MAP = _or("a place, a table, or false", _TEXT, _FLAG, _table({"mapping": _MAPPING}))
_WORKSPACE = _table(
    {
        "name": _TEXT,
        "channels": _CHANNELS,
        "platforms": _list(
            _or("a platform or a table", _TEXT, _table({"cuda": _VERSION}, _TEXT)),
            "a list of platforms",
        ),
        "dependencies": _table(others=_SPEC),
        "pypi-options": _PYPI_OPTIONS,
        "channel-priority": _TEXT,
        "conda-pypi-map": _or("a table, or false", _FLAG, _table(others=_MAP)),
    }
)

#: A whole ``pixi.toml``, or ``[tool.pixi]``.
PIXI = _table(
    {
        **_FEATURE,
        "workspace": _WORKSPACE,
        "project": _WORKSPACE,
        "feature": _table(others=_table(_FEATURE)),
        "environments": _table(others=_ENVIRONMENT),
    }
)
_GROUP = _list(_or("text or a table", _TEXT, _table(others=_TEXT)), "a list")
#: The other tables of a ``pyproject.toml`` that pixi reads.
PYPROJECT = _table(
    {
        "project": _table(
            {
                "name": _TEXT,
                "requires-python": _TEXT,
                "dependencies": _TEXTS,
                "optional-dependencies": _table(others=_TEXTS),
            }
        ),
        "dependency-groups": _table(others=_GROUP),
        "tool": _table({"pixi": PIXI}),
    }
)
