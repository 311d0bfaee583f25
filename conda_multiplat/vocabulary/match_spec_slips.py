"""Mistakes in MatchSpecs that conda accepts and reads in a way that was probably not meant."""

from __future__ import annotations

import re

#: Text that conda ignores if nothing else follows the name.
LONE = ("!", "<", "=", ">", "~")
_TWO_OPERATORS = re.compile(r"(==?)\s*([<>]=?)\s*([^=\s,|<>!~]+)(.*)")
_STAR = re.compile(r"(==|!=|<=|>=|~=|<|>)\s*([^=\s,|<>!~*]*[^=\s,|<>!~*.])?\*(?=$|[\s=,|])")


#: `=1.2*` means what it seems to mean on its own, but not in a list.
_FUZZY_IN_A_LIST = re.compile(
    r"(?:(?<=[,|])|^)\s*=\s*([^=\s,|<>!~*]*[^=\s,|<>!~*.])?\*(?=\s*[,|]|$)"
)


def lone_sign(text: str) -> str:
    """Return the operator in a valid MatchSpec that has no version, so that conda ignores it."""
    last = text.partition("[")[0].strip()[-1:]
    return last if last in LONE else ""


def slip(name: str, rest: str) -> str:
    """Return how conda reads a mistake, and what to write instead; ``""`` if there is no mistake.

    Args:
        name: the package name.
        rest: the text after it: the version and possibly a build.
    """
    if rest in LONE:
        return f"conda ignores {rest!r}: write `{name}`"
    if match := _TWO_OPERATORS.match(rest.strip()):
        return _two_operators(name, match)
    match = _STAR.search(rest)
    if match and not (match[1] == "==" and match[0] == rest.strip()):  # conda reads that as `=1.2`
        return _star(match)
    match = _FUZZY_IN_A_LIST.search(rest)
    if match and rest.strip() != match[0]:
        meant = f"{match[1]}.*" if match[1] else "*"
        read = "a version that no package has"
        return f"conda reads `{match[0].strip()}` in a list as {read}: write `{meant}`"
    return ""


def _two_operators(name: str, match: re.Match[str]) -> str:
    """Return how conda reads ``=<2.0``: it drops the first sign, and may add a star."""
    equals, relation, version, more = match.groups()
    starred = equals == "=" and not more and not version.endswith("*")
    read = f">={version}" if starred and relation == ">" else f"{relation}{version}"
    meant = f"{relation[0]}={version}"
    other = "" if meant == read else f" or `{name} {read}{more}`"
    return f"conda reads `{match[0]}` as `{read}{more}`: write `{name} {meant}{more}`{other}"


def _star(match: re.Match[str]) -> str:
    """Return how conda reads ``==1.2*``: the star is part of a version that no package has."""
    relation, version = match[1], match[2] or ""
    if relation == "==":
        meant = f"={version}.*" if version else "=*"
        return f"conda reads `{match[0]}` as a version that no package has: write `{meant}`"
    if relation == "!=":
        instead = f"write `!={version}.*`" if version else "leave it out"
        return f"for conda, `{match[0]}` excludes nothing: {instead}"
    if not version:
        read = "any version" if relation[0] == ">" else "a version that no package has"
        return f"conda reads `{match[0]}` as {read}: write `*`"
    if relation == "~=":
        read = f">={version},{version.rpartition('.')[0]}.*"
        return f"conda reads `{match[0]}` as `{read}`: write `~={version}`"
    read = f"{relation[0]}{'=' * (relation[0] == '>')}{version}"
    return f"conda reads `{match[0]}` as `{read}`: write `{read}`"
