"""Read TOML (1.1, as pixi does) from untrusted text; the only error is a ``DocumentError``."""

from __future__ import annotations

import re
from typing import Any

import tomli

from conda_multiplat.vocabulary.errors import TOO_DEEP, DocumentError, reason_of

_PLACE = re.compile(r"(?P<message>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", re.DOTALL)


def toml_table(text: str) -> dict[str, Any]:
    """Parse a TOML text.

    Raises:
        DocumentError: it is not TOML, or nested too deeply.
    """
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        match = _PLACE.fullmatch(str(error))
        if match is None:
            raise DocumentError(f"not TOML: {error}") from None
        message = f"not TOML: {match['message']}"
        raise DocumentError(message, int(match["line"]), int(match["column"])) from None
    except RecursionError:
        raise DocumentError(TOO_DEEP) from None
    except ValueError as error:  # a number of thousands of digits
        raise DocumentError(f"not TOML: {reason_of(error)}") from None
