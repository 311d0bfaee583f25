"""One progress bar on stderr for all that a command waits for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from conda_multiplat.machine.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress


class Progress:
    """What works tell of their steps; this one shows nothing."""

    shown = False

    def now(self, text: str) -> None:
        """What is being worked on."""

    def step(self, count: int = 1) -> None:
        """So many steps are done."""


class _Bar(Progress):
    shown = True

    def __init__(self, bar: RichProgress, total: int) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=total)

    def now(self, text: str) -> None:
        self._bar.update(self._task, description=text)

    def step(self, count: int = 1) -> None:
        self._bar.advance(self._task, count)


@contextmanager
def progress(console: Console, total: int) -> Iterator[Progress]:
    """A bar of ``total`` steps, where a person watches; it is gone at the end."""
    if not console.interactive or total == 0:
        yield Progress()
        return
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with RichProgress(*columns, console=RichConsole(file=console.stream), transient=True) as bar:
        yield _Bar(bar, total)
