"""Poetry's dependency tables, translated to the requirements that Poetry publishes (PEP 508).

Poetry has bounds of its own (``^1.2``, ``~1.2``, ``1.*``, ``>=1 <2 || >=3``) and tables instead of
markers and URLs. ``poetry build`` writes requirements of them into a wheel's metadata; we read them
in the same way. Alternatives (``||``), which a requirement can't have, become requirements with
:data:`OR` between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from conda_multiplat.vocabulary.names import project_name

#: The separator of alternative requirements.
OR = " || "
_ALTERNATIVES = re.compile(r"\s*\|\|?\s*")
_WILDCARD = re.compile(r"(!=|==?)?\s*v?(\d+(?:\.\d+)*)(?:\.[xX*])+")
_SIGNED = re.compile(r"(\^|~=|~|>=|<=|!=|==|=|>|<)?\s*v?(.+)")


def poetry_needs(needs: Mapping[str, Any], extras: Mapping[str, Any]) -> list[str]:
    """Return what a project needs without extras: ``dependencies`` without ``python``."""
    of_extras = {name for lines in extras.values() for name in _names(lines)}
    return [
        text
        for name, value in needs.items()
        if project_name(name) not in of_extras
        for text in _texts(name, value, optional=False)
    ]


def poetry_extras(needs: Mapping[str, Any], extras: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the requirements of each extra, which names some of the dependencies."""
    known = {project_name(name): (name, value) for name, value in needs.items()}
    return {
        extra: [
            text
            for name in _names(lines)
            if name in known
            for text in _texts(*known[name], optional=True)
        ]
        for extra, lines in extras.items()
    }


def poetry_bounds(text: str) -> str:
    """Translate Poetry's bound to PEP 440; return it unchanged if there is no equivalent."""
    choices = _choices(text)
    return choices[0] if choices and len(choices) == 1 else text


def _names(lines: Any) -> list[str]:
    texts = lines if isinstance(lines, list) else ()
    return [project_name(text) for text in texts if isinstance(text, str)]


def _texts(name: str, value: Any, *, optional: bool) -> Iterator[str]:
    """Yield the requirements of a value: one, or one for each item of a list."""
    for single in value if isinstance(value, list) else [value]:
        table = single if isinstance(single, Mapping) else {"version": single}
        if optional or not table.get("optional"):
            yield _text(name, table)


def _text(name: str, table: Mapping[str, Any]) -> str:
    extras = table.get("extras")
    named = name + (f"[{','.join(map(str, extras))}]" if isinstance(extras, list) else "")
    markers = " and ".join(f"({marker})" for marker in _markers(table))
    behind = f" ; {markers}" if markers else ""
    if place := place_of_table(table):
        return f"{named} @ {place}{behind}"
    choices = _choices(str(table.get("version", "*")))
    if choices is None:
        return f"{name} {plain(table)}"  # unknown; a change to it is detected
    return OR.join(f"{named}{bounds}{behind}" for bounds in choices)


def place_of_table(table: Mapping[str, Any]) -> str:
    """Return the path or URL of a table (``path``, ``url``, ``git``); ``""`` if there is none."""
    if git := table.get("git"):
        revision = next((table[key] for key in ("rev", "tag", "branch") if table.get(key)), "")
        inner = table.get("subdirectory")
        url = f"git+{git}" + (f"@{revision}" if revision else "")
        return url + (f"#subdirectory={inner}" if inner else "")
    return str(table.get("path") or table.get("file") or table.get("url") or "")


def plain(value: Any) -> str:
    """Format a value so that the order of its keys doesn't matter."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}={plain(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(plain, value)) + "]"
    return " ".join(str(value).split())


def _markers(table: Mapping[str, Any]) -> Iterator[str]:
    if text := table.get("markers"):
        yield str(text)
    if python := table.get("python"):
        yield from _marker(_choices(str(python)) or (), _python_marker)
    if platform := table.get("platform"):
        yield from _marker(_ALTERNATIVES.split(str(platform).strip()), _platform_marker)


def _marker(choices: Iterable[str], marker_of: Callable[[str], str]) -> Iterator[str]:
    markers = [marker_of(choice) for choice in choices if choice]
    if markers:
        yield " or ".join(markers)


def _platform_marker(text: str) -> str:
    match = re.fullmatch(r"\s*(==|!=)?\s*(.+?)\s*", text)
    sign, name = (match[1] or "==", match[2]) if match else ("==", text)
    return f'sys_platform {sign} "{name}"'


def _python_marker(bounds: str) -> str:
    return " and ".join(
        f'{_python_of(bound.operator, bound.version)} {bound.operator} "{bound.version}"'
        for bound in sorted(SpecifierSet(bounds), key=str)
    )


def _python_of(sign: str, version: str) -> str:
    """Return the marker variable: ``python_version`` has two numbers, other bounds need more."""
    numbers = Version(version.removesuffix(".*")).release
    exact = numbers != numbers[:2] or sign in (">", "<=")
    return "python_full_version" if exact else "python_version"


def _choices(text: str) -> list[str] | None:
    """Translate a bound's alternatives to PEP 440; ``None`` if the form is unknown."""
    try:
        choices = [_all(choice) for choice in _ALTERNATIVES.split(text.strip())]
        for bounds in choices:
            SpecifierSet(bounds)
    except (InvalidSpecifier, InvalidVersion):
        return None
    return [""] if "" in choices else choices


def _all(text: str) -> str:
    """Translate bounds that must all hold, separated by commas or spaces."""
    joined = re.sub(r"([<>=!~^])\s+", r"\1", text)
    parts = [part for part in re.split(r"[\s,]+", joined) if part]
    return ",".join(filter(None, map(_one, parts)))


def _one(text: str) -> str:
    if text in ("*", "x", "X"):
        return ""
    if match := _WILDCARD.fullmatch(text):
        return f"{'!=' if match[1] == '!=' else '=='}{match[2]}.*"
    match = _SIGNED.fullmatch(text)
    if match is None:
        raise InvalidVersion(text)
    sign, version = match[1] or "==", match[2]
    release = Version(version).release
    if sign == "^":
        return f">={version},<{_raised(release, _first_that_counts(release))}"
    if sign == "~":
        return f">={version},<{_raised(release, min(1, len(release) - 1))}"
    return f"{'==' if sign == '=' else sign}{version}"


def _first_that_counts(release: tuple[int, ...]) -> int:
    """Return the index of the number that a breaking change raises: the first that is not 0."""
    first = next((place for place, number in enumerate(release) if number), len(release) - 1)
    return min(first, 2)


def _raised(release: tuple[int, ...], place: int) -> str:
    numbers = [*release[:place], release[place] + 1]
    return ".".join(map(str, numbers))
