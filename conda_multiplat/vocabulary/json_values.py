"""Read JSON (RFC 8259) from untrusted text; the only error is a :class:`DocumentError`."""

from __future__ import annotations

import json
from typing import Any

from conda_multiplat.vocabulary.errors import TOO_DEEP, DocumentError, reason_of


def json_value(text: str) -> Any:
    """Parse a JSON text.

    Raises:
        DocumentError: it is not JSON, is nested too deeply, or contains lone surrogates, which
            can't be encoded.
    """
    try:
        value = json.loads(text)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise DocumentError(f"not JSON: {error.msg}", error.lineno, error.colno) from None
    except RecursionError:
        raise DocumentError(TOO_DEEP) from None
    except ValueError as error:  # a number of thousands of digits, a lone surrogate
        raise DocumentError(f"not JSON: {reason_of(error)}") from None
    return value


def json_object(text: str) -> dict[str, Any]:
    """Parse a JSON text that must be an object.

    Raises:
        DocumentError: as :func:`json_value`, or it is not an object.
    """
    value = json_value(text)
    if not isinstance(value, dict):
        raise DocumentError("not a JSON object")
    return value
