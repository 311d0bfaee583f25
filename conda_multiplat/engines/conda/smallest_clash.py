"""Find a smallest set of clashing requirements, to explain a conflict."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def smallest_clash(
    asked: Sequence[T], solvable: Callable[[Sequence[T]], Awaitable[bool]], limit: int = 60
) -> list[T]:
    """Return a smallest subset of ``asked`` that still clashes (QuickXplain).

    To look into a list with some others kept:

    1. If the kept ones alone clash, nothing of the list is needed (tested only after the kept
       ones grew, else the answer is known).
    2. One requirement left over must be it.
    3. Else the second half's part is looked for with the first half kept, then the first half's
       with that part kept.

    Args:
        asked: clashing requirements, in the manifest's order.
        solvable: returns whether some requirements can be satisfied together.
        limit: the number of calls; after that, requirements that were not excluded yet stay in.
    """
    left = limit

    async def clashes(requirements: Sequence[T]) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and not await solvable(requirements)

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

    return await look([], list(asked), grown=False)
