"""Progress on stderr while a command works: a bar of steps, or what it waits for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from conda_multiplat.machine.console import PATIENCE, Console

if TYPE_CHECKING:
    from rich.live import Live
    from rich.progress import Progress as RichProgress


class Progress:
    """The progress of a task; this class shows nothing."""

    shown = False

    def now(self, text: str) -> None:
        """Set the text of the current step."""

    def step(self, count: int = 1) -> None:
        """Add a number of finished steps."""


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
    """Provide a bar of ``total`` steps on a terminal, removed at the end."""
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


@contextmanager
def waiting(console: Console, words: Callable[[], str]) -> Iterator[None]:
    """Show a line that says what the command waits for, and how long; removed at the end.

    Args:
        console: the line is shown only on a terminal.
        words: returns what is waited for; called several times a second, in another thread.
    """
    if not console.interactive:
        yield
        return
    line = _Line(console, words)
    timer = threading.Timer(PATIENCE, line.begin)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        line.end()


class _Line:
    def __init__(self, console: Console, words: Callable[[], str]) -> None:
        self._console = console
        self._words = words
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._ended = False
        self._live: Live | None = None

    def begin(self) -> None:
        from rich.console import Console as RichConsole
        from rich.live import Live
        from rich.text import Text

        def text() -> Text:
            seconds = int(time.monotonic() - self._started)
            time_ = f"  {seconds} s" if seconds else ""
            line = Text(f" {self._words()}", style="dim", no_wrap=True)
            line.truncate(max(0, console.width - len(time_)), overflow="ellipsis")
            return line.append(time_)

        with self._lock:
            if not self._ended:
                console = RichConsole(file=self._console.stream)
                self._live = Live(get_renderable=text, console=console, transient=True)
                self._live.start(refresh=True)

    def end(self) -> None:
        with self._lock:
            self._ended = True
            if self._live:
                self._live.stop()
