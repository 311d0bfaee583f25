"""What a terminal gets: colours where they are wanted, and nothing that steers it."""

from __future__ import annotations

import io

import pytest

from conda_multiplat.machine.console import Console
from conda_multiplat.vocabulary.errors import UnmetError
from conda_multiplat.vocabulary.styled import Span

LINE = (Span(" "), Span("+", "green"), Span(" num\x1b[2Jpy"))
PLAIN = " + num\\x1b[2Jpy\n"
COLOURED = " \x1b[32m+\x1b[0m num\\x1b[2Jpy\n"


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def _said(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, **environ: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **environ}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stderr", stream)
    Console().say(LINE)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("terminal", "environ", "expected"),
    [
        (True, {}, COLOURED),
        (False, {}, PLAIN),
        (True, {"NO_COLOR": "1"}, PLAIN),
        (True, {"NO_COLOR": ""}, COLOURED),
        (True, {"TERM": "dumb"}, PLAIN),
        (False, {"FORCE_COLOR": "1"}, COLOURED),
        (False, {"FORCE_COLOR": ""}, PLAIN),
        (True, {"FORCE_COLOR": "0"}, PLAIN),
        (True, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, PLAIN),
    ],
)
def test_colours(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, environ: dict[str, str], expected: str
) -> None:
    """``NO_COLOR`` before ``FORCE_COLOR`` before what the stream is; text never steers."""
    assert _said(monkeypatch, _Screen() if terminal else io.StringIO(), **environ) == expected


@pytest.mark.parametrize(
    ("terminal", "columns", "width"),
    [(False, "40", None), (True, "40", 40), (True, "", 80), (True, "0", 80), (True, "wide", 80)],
)
def test_width(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, columns: str, width: int | None
) -> None:
    """A terminal's, as ``COLUMNS`` says or else the terminal; of a file there is none."""
    _said(monkeypatch, _Screen() if terminal else io.StringIO(), COLUMNS=columns)
    assert Console().width == width


ERROR = UnmetError(
    "it can't run", details=["cuda 12\n  because of a"], hints=["do this", "or that"]
)
TOLD = "error: it can't run\n  cuda 12\n    because of a\n"


@pytest.mark.parametrize(
    ("error", "terminal", "expected"),
    [
        (ERROR, True, f"{TOLD}\n  do this\n  or that\n"),
        (ERROR, False, f"{TOLD}  do this\n  or that\n"),
        (UnmetError("no", hints=["do this"]), True, "error: no\n  do this\n"),
        (UnmetError("no", details=["why"]), True, "error: no\n  why\n"),
    ],
)
def test_error(
    monkeypatch: pytest.MonkeyPatch, error: UnmetError, terminal: bool, expected: str
) -> None:
    """What happened, its details, and on a terminal set apart what to do."""
    monkeypatch.setattr("sys.stderr", stream := _Screen() if terminal else io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert Console().error(error) == 1
    assert stream.getvalue() == expected


@pytest.mark.parametrize(
    ("terminal", "options", "seconds", "expected"),
    [
        (True, {}, 12.34, " in 12.3 s"),
        (True, {}, 0.2, ""),
        (False, {}, 12.34, ""),
        (True, {"quiet": True}, 12.34, ""),
        (True, {"json": True}, 12.34, ""),
    ],
)
def test_time(
    monkeypatch: pytest.MonkeyPatch,
    terminal: bool,
    options: dict[str, bool],
    seconds: float,
    expected: str,
) -> None:
    """Who has watched and waited is told how long it took, and nobody else."""
    monkeypatch.setattr("sys.stderr", _Screen() if terminal else io.StringIO())
    monkeypatch.setattr("time.monotonic", lambda: 1000.0 + seconds)
    assert Console(started=1000.0, **options).took == expected
    assert not Console(**options, started=0.0).took
