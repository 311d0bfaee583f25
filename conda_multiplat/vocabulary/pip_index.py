"""The option of pip that names an index in PyPI's place."""

from __future__ import annotations

#: The option, short and long.
DEFAULT_INDEX = ("-i", "--index-url")
#: Another name that pip has for it.
OLD_NAME = "--pypi-url"


def index_url(entry: str) -> str:
    """Return the URL, without a slash at its end, of the index that an entry puts in PyPI's place.

    Returns:
        ``""`` for any other entry of ``pip:``.
    """
    for option in (*DEFAULT_INDEX, OLD_NAME):
        if entry.startswith(option):
            return entry[len(option) :].lstrip("= ").strip().rstrip("/")
    return ""
