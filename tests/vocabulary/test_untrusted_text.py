"""Untrusted JSON, TOML and YAML: an error is one ``DocumentError`` with message and place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conda_multiplat.vocabulary.errors import TOO_DEEP, DocumentError
from conda_multiplat.vocabulary.json_values import json_object, json_value
from conda_multiplat.vocabulary.toml_tables import toml_table
from conda_multiplat.vocabulary.yaml_nodes import yaml_value

_LONG = "1" * 5000
#: Each line has the one before ten times.
_LAUGHS = "a: &a [x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
_DIGITS = "a number of thousands of digits"


@pytest.mark.parametrize(
    ("read", "text", "message", "line", "column"),
    [
        (json_value, "[1,", "not JSON: Expecting value", 1, 4),
        (json_value, '{\n "a": nul}', "not JSON: Expecting value", 2, 7),
        (json_value, "[" * 100_000, TOO_DEEP, 0, 0),
        (json_value, _LONG, f"not JSON: {_DIGITS}", 0, 0),
        (json_object, "[]", "not a JSON object", 0, 0),
        (toml_table, "a = ", "not TOML: Invalid value (at end of document)", 0, 0),
        (toml_table, "a = 1\nb = ]", "not TOML: Invalid value", 2, 5),
        (toml_table, f"a = {'[' * 100_000}", TOO_DEEP, 0, 0),
        (toml_table, f"a = {_LONG}", f"not TOML: {_DIGITS}", 0, 0),
        (yaml_value, "a: !!bool x", "not YAML: a value that can't be read: 'x'", 0, 0),
        (yaml_value, "a: 2026-02-30", "not YAML: day is out of range for month", 0, 0),
        (yaml_value, f"a: {_LONG}", f"not YAML: {_DIGITS}", 0, 0),
        (yaml_value, "a: b\nc: \ud800", "not YAML: an incomplete character", 2, 0),
        (yaml_value, "a: &a [*a]", "it contains itself", 1, 4),
        (yaml_value, _LAUGHS, "its aliases would make it endless", 7, 4),
        (yaml_value, "a: [", "not YAML: did not find expected node content", 2, 1),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_fault(read: Callable[[str], Any], text: str, message: str, line: int, column: int) -> None:
    """A reader raises no other exception, and takes no long time."""
    with pytest.raises(DocumentError) as caught:
        read(text)
    error = caught.value
    assert (error.message, error.line, error.column) == (message, line, column)


def test_lone_surrogates() -> None:
    """A lone surrogate is refused, since it can't be written; a pair is one character."""
    with pytest.raises(DocumentError, match=r"not JSON: .*surrogates not allowed"):
        json_value('{"a": "\\ud800"}')
    assert json_value('{"a": "\\ud83d\\ude00"}') == {"a": "😀"}


def test_what_is_allowed() -> None:
    """An alias alone is not an error."""
    assert yaml_value("a: &x [1]\nb: *x") == {"a": [1], "b": [1]}
