"""Packages made at random, the same for the same seed."""

from __future__ import annotations

import random

from support.packages import Package

SUBDIRS = ("linux-64", "osx-arm64", "win-64")


def random_packages(seed: int) -> tuple[list[Package], list[str]]:
    """Layers of packages, each version asking for ranges of lower layers; some constrain others."""
    chosen = random.Random(seed)
    names = [f"{'abcdef'[layer]}{n}" for layer in range(6) for n in range(6)]
    versions = {name: sorted(chosen.sample(range(1, 12), 4)) for name in names}
    packages: list[Package] = []
    for index, name in enumerate(names):
        lower = names[: index // 6 * 6]
        noarch = chosen.random() < 0.3
        for subdir in ("noarch",) if noarch else SUBDIRS:
            for version in versions[name]:
                depends = [
                    _range(chosen, need, versions[need])
                    for need in chosen.sample(lower, min(len(lower), chosen.randrange(4)))
                ]
                if not noarch and chosen.random() < 0.3:
                    depends.append("__win" if subdir == "win-64" else "__unix")
                other = chosen.choice(names)
                constrains = (
                    [_range(chosen, other, versions[other])] if chosen.random() < 0.2 else []
                )
                packages.append(
                    Package(
                        name,
                        f"{version}.{chosen.randrange(3)}",
                        f"h{chosen.randrange(9)}_{chosen.randrange(2)}",
                        subdir,
                        noarch="generic" if noarch else None,
                        depends=depends,
                        constrains=[
                            constrain
                            for constrain in constrains
                            if not constrain.startswith(f"{name} ")
                        ],
                    )
                )
    return packages, names


def _range(chosen: random.Random, name: str, versions: list[int]) -> str:
    low = chosen.choice(versions[:3])
    return chosen.choice(
        [name, f"{name} >={low}", f"{name} >={low},<{low + 6}", f"{name} !={low}.0"]
    )
