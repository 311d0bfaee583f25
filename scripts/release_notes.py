"""Print what the changelog says of a version, the notes of its release.

Usage: python scripts/release_notes.py v1.2.3

It ends with 1 where the tag is not the package's version, or where the changelog has no section for
it, or one that is still called unreleased: a release that nobody has described is none.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_SECTION = re.compile(r"^## \[(?P<version>[^\]]+)\] - (?P<date>.+)$", re.MULTILINE)


def notes(tag: str, version: str, changelog: str) -> str:
    """The section of the tag's version.

    Raises:
        ValueError: the tag or the changelog is not that of a release.
    """
    if tag != f"v{version}":
        raise ValueError(f"the tag is {tag}, and the version is {version}: tag v{version}")
    sections = {section["version"]: section for section in _SECTION.finditer(changelog)}
    if version not in sections:
        raise ValueError(f"CHANGELOG.md has no section [{version}]")
    section = sections[version]
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", section["date"]):
        raise ValueError(f"CHANGELOG.md: [{version}] has no date but {section['date']!r}")
    following = _SECTION.search(changelog, section.end())
    end = following.start() if following else len(changelog)
    return changelog[section.end() : end].strip()


def main() -> int:
    """Print the notes, or say what is wrong."""
    text = (ROOT / "conda_multiplat" / "__init__.py").read_text(encoding="utf-8")
    version = re.search(r'__version__ = "([^"]+)"', text)
    assert version is not None
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    try:
        print(notes(sys.argv[1], version[1], changelog))
    except ValueError as error:
        print(f"not a release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
