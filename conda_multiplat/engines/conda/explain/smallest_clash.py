"""Find a smallest set of clashing requirements, to explain a conflict."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def smallest_clash(
    requirements: Sequence[T], solvable: Callable[[Sequence[T]], Awaitable[bool]], limit: int = 60
) -> list[T]:
    """Return a smallest subset of ``requirements`` that still clashes (QuickXplain).

    To search a list while other requirements are kept:

    1. If the kept ones clash by themselves, nothing in the list is needed (this is only tested
       after some were added, since the answer is known otherwise).
    2. If the list has a single requirement, it is part of the clash.
    3. Otherwise, search the second half while the first half is kept, and then the first half while
       what was found in the second is kept.

    Args:
        requirements: clashing requirements, in the manifest's order.
        solvable: returns whether some requirements can be satisfied together.
        limit: the maximum number of calls; then the requirements that were not excluded yet remain.
    """
    left = limit

    async def clashes(subset: Sequence[T]) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and not await solvable(subset)

    async def look(kept: list[T], among: list[T], *, grown: bool) -> list[T]:
        if grown and kept and await clashes(kept):
            return []
        if len(among) == 1:
            return among
        half = len(among) // 2
        first, second = among[:half], among[half:]
        of_second = await look(kept + first, second, grown=bool(first))
        of_first = await look(kept + of_second, first, grown=bool(of_second))
        return of_first + of_second

    return await look([], list(requirements), grown=False)
