"""Assign packages to layers of an image, so that a change of one package changes one layer.

1. A package of :data:`LARGE` bytes or more has its own layer; if there are many, only the
   :data:`_OWN` largest: an image may have 127 layers, including those of its base.
2. For every other package, the digest of its name selects one of a fixed number of layers. So a
   package that is added, removed or changed affects only its layer.
3. conda's layers come first, then PyPI's, which change most often: lower layers stay the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

#: The minimum size of a package with its own layer, in bytes.
LARGE = 10 << 20
#: The maximum number of such packages for each manager.
_OWN: Mapping[str, int] = {"conda": 48, "pypi": 24}
#: The number of layers that a manager's other packages share.
_SHARED: Mapping[str, int] = {"conda": 16, "pypi": 8}


class Group(NamedTuple):
    """The packages of a layer, by name, and the layer's title."""

    manager: str
    title: str
    names: tuple[str, ...]


def groups(sizes: Mapping[str, int], manager: str) -> list[Group]:
    """Return the layers of a manager's packages.

    Args:
        sizes: name -> size of the installed package in bytes.
        manager: ``conda`` or ``pypi``.
    """
    large = [name for name, size in sizes.items() if size >= LARGE]
    own = sorted(sorted(large, key=lambda name: (-sizes[name], name))[: _OWN[manager]])
    shared: dict[int, list[str]] = {}
    for name in sorted(sizes.keys() - set(own)):
        shared.setdefault(_bucket(name, _SHARED[manager]), []).append(name)
    together = [names for _, names in sorted(shared.items())]
    return [_group(manager, names) for names in (*([name] for name in own), *together)]


def _group(manager: str, names: list[str]) -> Group:
    return Group(manager, f"{manager}: {', '.join(names)}", tuple(names))


def _bucket(name: str, count: int) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % count
