"""Which packages share a layer of an image: so that a change of one package moves one layer.

1. A package of :data:`LARGE` bytes or more has a layer of its own, the largest ones (:data:`_OWN`)
   where there are many: an image may have 127 layers, its base's included.
2. Each other package goes by its name: the digest of it chooses one of a fixed number of layers,
   whoever else is there. So a package that comes, goes or changes moves the one that it is in.
3. conda's come first, PyPI's after: these change most often, and what is below a layer stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

#: Bytes from which on a package has a layer of its own.
LARGE = 10 << 20
#: How many of a manager's may have.
_OWN: Mapping[str, int] = {"conda": 48, "pypi": 24}
#: How many layers its others share.
_SHARED: Mapping[str, int] = {"conda": 16, "pypi": 8}


class Group(NamedTuple):
    """The packages of a layer, by name, and what the layer is called."""

    manager: str
    title: str
    names: tuple[str, ...]


def groups(sizes: Mapping[str, int], manager: str) -> list[Group]:
    """The layers of a manager's packages.

    Args:
        sizes: bytes of each package as it is installed, by name.
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
