"""JSON (RFC 8259) as values: one error for all that a stranger's text can be."""

from __future__ import annotations

import json
from typing import Any

from conda_multiplat.vocabulary.errors import TOO_DEEP, DocumentError, reason_of


def json_value(text: str) -> Any:
    """The value that a JSON text stands for.

    Raises:
        DocumentError: it is not JSON, nested too deeply, or has halves of characters in it, which
            no file can be written with.
    """
    try:
        value = json.loads(text)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise DocumentError(f"not JSON: {error.msg}", error.lineno, error.colno) from None
    except RecursionError:
        raise DocumentError(TOO_DEEP) from None
    except ValueError as error:  # a number of thousands of digits, half a character
        raise DocumentError(f"not JSON: {reason_of(error)}") from None
    return value


def json_object(text: str) -> dict[str, Any]:
    """As :func:`json_value`, of an object.

    Raises:
        DocumentError: as well where it is something else.
    """
    value = json_value(text)
    if not isinstance(value, dict):
        raise DocumentError("not a JSON object")
    return value
