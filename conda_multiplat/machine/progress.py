"""Progress on stderr while a command works: a bar of steps, or what it waits for."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from conda_multiplat.machine.console import PATIENCE, Console

if TYPE_CHECKING:
    from rich.live import Live
    from rich.progress import Progress as RichProgress


#: A URL in a line of text.
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s,;()]*[^\s,;():]")
#: The width of the longest bar, in characters.
_LONGEST_BAR = 40


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
    from rich.table import Column

    width = console.width
    # A long text would otherwise leave no room for the numbers.
    text = Column(ratio=1, no_wrap=True, overflow="ellipsis")
    columns = (
        BarColumn(min(_LONGEST_BAR, width // 4) if width else _LONGEST_BAR),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False, table_column=text),
    )
    screen = RichConsole(file=console.stream)
    with RichProgress(*columns, console=screen, transient=True, expand=True) as bar:
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
            width = max(0, console.width - len(time_))
            line = Text(f" {fitting(self._words(), width - 1)}", style="dim", no_wrap=True)
            line.truncate(width, overflow="ellipsis")
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


def fitting(text: str, width: int) -> str:
    """Return ``text`` with its URLs as short as it takes to fit into ``width`` characters.

    A URL loses first its scheme, then the middle of its path, then its host, unless two of them
    would look the same. What has no URLs, or is longer even so, is returned too long.
    """
    whole = text
    urls = {match[0] for match in _URL.finditer(whole)}
    for shorter in (_without_scheme, _without_middle, _last_part):
        if len(text) > width and len({shorter(url) for url in urls}) == len(urls):
            text = _with_urls(whole, shorter)
    return text


def _with_urls(text: str, changed: Callable[[str], str]) -> str:
    return _URL.sub(lambda match: changed(match[0]), text)


def _without_scheme(url: str) -> str:
    return url.partition("://")[2].rstrip("/")


def _without_middle(url: str) -> str:
    host, _, path = _without_scheme(url).partition("/")
    middle, _, last = path.rpartition("/")
    return "/".join(part for part in (host, "…" if middle else "", last) if part)


def _last_part(url: str) -> str:
    host, _, last = _without_scheme(url).rpartition("/")
    return f"…/{last}" if host else last
