"""Errors as text for people and as JSON for programs."""

from __future__ import annotations

import json

import pytest

from conda_multiplat.vocabulary.errors import (
    InternalError,
    InterruptedByUserError,
    Location,
    LockFileError,
    ManifestError,
    MultiplatError,
    NoSolutionError,
    OutsideError,
    Problem,
    UnmetError,
    UsageError,
)

_PROBLEMS = (
    Problem(Location("e.yml", 3, 5), "unknown platform 'linux64'", "did you mean 'linux-64'?"),
    Problem(Location("e.yml"), "the file is empty"),
)


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (Location("e.yml"), "e.yml"),
        (Location("e.yml", 3), "e.yml:3"),
        (Location("e.yml", 3, 5), "e.yml:3:5"),
    ],
)
def test_locations_as_text(location: Location, text: str) -> None:
    """A place is shown as editors read it, as exactly as it is known."""
    assert str(location) == text


def test_locations_are_sorted_by_number() -> None:
    """Places are in order by file, then line, then column, the whole file first."""
    places = [Location("b"), Location("a", 10, 1), Location("a", 9, 12), Location("a", 9, 2)]
    shown = [str(place) for place in sorted([*places, Location("a")])]
    assert shown == ["a", "a:9:2", "a:9:12", "a:10:1", "b"]


def test_problems_as_text() -> None:
    """A problem is one line with its place, and a second one with what to write, if anything."""
    assert [str(problem) for problem in _PROBLEMS] == [
        "e.yml:3:5: unknown platform 'linux64'\n    did you mean 'linux-64'?",
        "e.yml: the file is empty",
    ]


def test_problem_as_data() -> None:
    """A problem's JSON has its place in parts."""
    assert _PROBLEMS[0].to_dict() == {
        "file": "e.yml",
        "line": 3,
        "column": 5,
        "message": "unknown platform 'linux64'",
        "hint": "did you mean 'linux-64'?",
    }


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (NoSolutionError, 1),
        (UnmetError, 1),
        (UsageError, 2),
        (ManifestError, 2),
        (LockFileError, 2),
        (OutsideError, 3),
        (InternalError, 3),
        (InterruptedByUserError, 130),
    ],
)
def test_exit_codes(kind: type[MultiplatError], code: int) -> None:
    """Every kind of error has its exit code, which its JSON contains."""
    error = kind("no")
    assert str(error) == "no"
    assert error.exit_code == code
    assert error.to_dict()["exit_code"] == code
    assert error.to_dict()["kind"] == kind.__name__


def test_lines_for_a_person() -> None:
    """A person reads the message, then problems, details and what to do next, indented."""
    error = ManifestError(
        "e.yml can't be used",
        details=["two\nlines"],
        hints=["see the manual"],
        problems=_PROBLEMS,
    )
    assert error.lines() == [
        "error: e.yml can't be used",
        "  e.yml:3:5: unknown platform 'linux64'",
        "      did you mean 'linux-64'?",
        "  e.yml: the file is empty",
        "  two",
        "  lines",
        "  see the manual",
    ]


def test_an_error_as_data() -> None:
    """A program reads all of an error as JSON, with what its kind adds."""
    error = NoSolutionError(
        "no", details=["d"], hints=["h"], problems=_PROBLEMS[1:], data={"targets": ["dev/osx-64"]}
    )
    assert json.loads(json.dumps(error.to_dict())) == {
        "success": False,
        "error": "no",
        "kind": "NoSolutionError",
        "exit_code": 1,
        "details": ["d"],
        "hints": ["h"],
        "problems": [
            {"file": "e.yml", "line": 0, "column": 0, "message": "the file is empty", "hint": ""}
        ],
        "targets": ["dev/osx-64"],
    }


def test_an_error_of_few_words() -> None:
    """An error with only a message has no other lines."""
    error = UsageError("no")
    assert error.lines() == ["error: no"]
    assert (error.details, error.hints, error.problems, error.data) == ((), (), (), {})


def test_unexpected_exceptions() -> None:
    """An unexpected exception is reported as our bug, with its type."""
    error = InternalError.of(KeyError("x"))
    assert error.lines() == [
        "error: internal error: KeyError: 'x'",
        "  please report it; -v shows where it happened",
    ]
