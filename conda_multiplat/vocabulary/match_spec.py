"""MatchSpecs: read as conda reads them, written for the engine.

conda's parser has grown for years: ``foo 1.2 py_0``, ``foo=1.2=py_0`` and
``foo[version='1.2', build=py_0]`` are one spec, ``foo=1.2`` and ``foo==1.2`` are two. Its steps are
followed here, so that a manifest means here what it means there:

1. brackets are taken off the end, and take precedence over what is before them;
2. ``channel::`` is taken off the beginning;
3. what is left is a name and, after it, a version with or without a build.

The result uses brackets only, which every parser reads in the same way. Some specs that conda
accepts are refused (regular expressions, a star within a version, a condition, which conda
ignores), because other parsers read them differently. The case of builds is not checked: no channel
relies on it. Likely mistakes that conda accepts are read as conda reads them, with a warning
(``match_spec_slips``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from conda_multiplat.vocabulary.conditions import condition_holds
from conda_multiplat.vocabulary.errors import WordingError
from conda_multiplat.vocabulary.match_spec_slips import LONE, slip
from conda_multiplat.vocabulary.names import PACKAGE_NAME, SUBDIRS

#: The keys that can only be given in brackets.
_ONLY_IN_BRACKETS = ("build_number", "md5", "sha256", "extras", "flags", "when")
#: The keys that are allowed in brackets.
KEYS = (
    *("version", "build", "build_number", "channel", "subdir", "md5", "sha256"),
    *("extras", "flags", "when"),  # CEP 44, 45 and 43
)
#: The keys whose values are lists.
_LISTS = ("extras", "flags")

_PLATFORMS = (*SUBDIRS, "noarch")
_BRACKETS = re.compile(r"""^([^\[\]]*)\[((?:[^\[\]"']|"[^"]*"|'[^']*'|\[[^\[\]]*\]|["'])*)\]$""")
_PAIR = re.compile(
    r"""\s*([A-Za-z0-9_-]+)\s*=\s*"""
    r"""(?:"([^"]*)"|'([^']*)'|\[([^\[\]]*)\]|([^'"\s,\[\]]*))\s*(?:,|\s|$)"""
)
_EXTRA = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_FLAG = re.compile(r"[a-z0-9_*]+(?::[a-z0-9_*]+)?")
_VERSION_IN_BRACKETS = re.compile(
    r"""\[(?:.*?[\s,])?version\s*=\s*["']?(?P<version>[^"'\],]*(?:,[^"'\]=]*)*)"""
)
#: The maximum number of parentheses; no real spec has more than ten.
_MOST_PARENTHESES = 100
_NAME_AND_REST = re.compile(r"([^ =<>!~]+)(.*)")
_NAME = re.compile(PACKAGE_NAME)
_VERSION_AND_BUILD = re.compile(
    r"((?:.+?)[^><!,|]?)(?:(?<![=!|,<>~])(?:[ =])([^-=,|<>~]+?))?$"  # conda's own pattern
)
_BETWEEN_VERSIONS = re.compile(r"([()|,])")
_OPERATORS = ("==", "!=", "<=", ">=", "~=", "=", "<", ">")
_RELATION = re.compile(rf"({'|'.join(_OPERATORS)})([^\s=<>!~].*)")
_TWO_WORDS = re.compile(r"[\w*] +[\w*]")
_VERSION = re.compile(r"[0-9A-Za-z_.+!-]*[0-9A-Za-z_]")
_SEPARATE = "; separate versions by `,` (and) or `|` (or)"
#: A star at the end of a version, without a dot: after an operator it is a part of the version, and
#: sorts before everything else that can follow, as `dev` does.
_STARRED = re.compile(r"(.*[0-9])\*")
_ONE_STAR = re.compile(r"[0-9A-Za-z_.+!-]*\*")
#: A constraint that no version satisfies, since none is lower.
_NONE = "<0dev"
_BUILD = re.compile(r"[A-Za-z0-9_.+*-]+")
_BUILD_NUMBER = re.compile(r"(==|!=|<=|>=|=|<|>)?[0-9]+")
_HASH = {"md5": re.compile(r"[0-9a-fA-F]{32}"), "sha256": re.compile(r"[0-9a-fA-F]{64}")}


@dataclass(frozen=True)
class MatchSpec:
    """A parsed MatchSpec; fields that it does not state are ``""``."""

    name: str
    channel: str
    #: The stated :data:`KEYS` and values for the engine, without the channel.
    fields: Mapping[str, str]
    #: A warning if conda's reading is probably not what was meant, and what to write instead.
    warning: str = ""

    def text(self, channel: str = "") -> str:
        """Return the spec in brackets; ``channel`` (a URL) replaces its own channel."""
        stated = {"channel": channel, **self.fields}
        inner = ",".join(_pair(key, value) for key, value in stated.items() if value)
        return f"{self.name}[{inner}]" if inner else self.name


def _pair(key: str, value: str) -> str:
    if key in _LISTS:
        return f"{key}=[{value}]"
    return f"{key}='{value}'" if '"' in value else f'{key}="{value}"'


def require_shallow(text: str) -> str:
    """Refuse a MatchSpec with deeply nested parentheses, on which rattler's parser crashes.

    Raises:
        WordingError: the parentheses are nested too deeply.
    """
    if text.count("(") > _MOST_PARENTHESES:
        raise WordingError(f"more than {_MOST_PARENTHESES} parentheses: {text[:40]!r}…")
    return text


def is_package_name(text: str) -> bool:
    """Return whether a text is a valid package name."""
    return _NAME.fullmatch(text) is not None


def parse_spec(text: str) -> MatchSpec:
    """Read a MatchSpec as conda does.

    Raises:
        WordingError: conda refuses it, or reads it in an unexpected way.
    """
    outside, keys = _brackets(require_shallow(text).strip())
    outside, own_channel = _channel(outside)
    match = _NAME_AND_REST.match(outside)
    if match is None or not _NAME.fullmatch(match.group(1)):
        raise WordingError(f"{outside.split(' ')[0]!r} is not a package name")
    name, after = match.groups()
    before = text.partition("[")[0]
    # conda ignores such a sign at the end of a text, but refuses it before white space.
    is_last = text.rstrip() == text and before.rstrip() == before
    rest = "" if after in LONE and is_last else after.strip()
    version, build = _version_and_build(rest) if rest else ("", "")
    channel, subdir = _channel_and_subdir(keys.get("channel", ""))
    channel, own_subdir = (channel, "") if channel else _channel_and_subdir(own_channel)
    fields: dict[str, str] = {
        "version": keys.get("version", version),
        "build": keys.get("build", build),
        "subdir": keys.get("subdir", subdir or own_subdir),
        **{key: keys[key] for key in _ONLY_IN_BRACKETS if key in keys},
    }
    stated = {key: _read(key, value) for key, value in fields.items() if value}
    return MatchSpec(name.lower(), channel, stated, slip(name, after))


def version_span(text: str) -> tuple[int, int]:
    """Return start and end of the version in a valid MatchSpec; an empty span if it has none."""
    if match := _VERSION_IN_BRACKETS.search(text):
        return match.span("version")
    outside = text.partition("[")[0]
    start = outside.rfind("::") + 2 if "::" in outside else 0
    start += len(outside[start:]) - len(outside[start:].lstrip())
    named = _NAME_AND_REST.match(outside, start)
    rest = named.group(2).rstrip() if named else ""
    match = _VERSION_AND_BUILD.search(rest.lstrip())
    if named is None or match is None:
        return 0, 0
    begin = named.start(2) + len(rest) - len(rest.lstrip())
    return begin, begin + len(match.group(1).rstrip())


def _brackets(text: str) -> tuple[str, dict[str, str]]:
    """Split a spec into the text before its brackets and the keys in them."""
    if "[" not in text and "]" not in text:
        return text, {}
    match = _BRACKETS.match(text)
    if match is None:
        raise WordingError("brackets may only be at the end: name[key=value, key=value]")
    inner = match.group(2).strip().rstrip(",")
    keys: dict[str, str] = {}
    at = 0
    while at < len(inner):
        pair = _PAIR.match(inner, at)
        value = "".join(filter(None, pair.groups()[1:])).strip() if pair else ""
        if pair is None or not value or (pair.group(4) and pair.group(1) not in _LISTS):
            raise WordingError(f"{inner[at:].strip()!r} in brackets is not key=value")
        if pair.group(1) not in KEYS:
            known = ", ".join(KEYS)
            raise WordingError(f"unknown key {pair.group(1)!r} in brackets; the keys are {known}")
        keys[pair.group(1)] = value
        at = pair.end()
    return match.group(1).strip(), keys


def _channel(text: str) -> tuple[str, str]:
    """Split a spec into the text after ``channel::`` and the channel."""
    if " if " in text:
        raise WordingError("conda ignores conditions: ` if ` and what follows would have no effect")
    if text.endswith((".conda", ".tar.bz2")):
        raise WordingError("a package's file can't be locked; name the package and its channel")
    channel, separator, spec = text.rpartition("::")
    if ":" in spec:
        raise WordingError(f"conda does not know namespaces: {spec.split(':')[0]!r}")
    channel = channel.strip().rstrip("/")
    if separator and not channel:
        raise WordingError("no channel before `::`")
    return spec.lstrip(), channel


def _channel_and_subdir(channel: str) -> tuple[str, str]:
    """Split ``conda-forge/linux-64`` into channel and platform."""
    bare, _, subdir = channel.rstrip("/").rpartition("/")
    if subdir not in _PLATFORMS:
        return channel, ""
    if not bare:
        raise WordingError(f"{channel!r} is a platform, not a channel")
    return bare, subdir


def _version_and_build(rest: str) -> tuple[str, str]:
    if any(bracket in rest for bracket in "()"):
        raise WordingError("parentheses may only be in brackets: name[version='(1.2|1.3),!=1.2.5']")
    match = _VERSION_AND_BUILD.search(rest)
    version, build = match.groups() if match else (rest, None)
    if _TWO_WORDS.search(version):
        raise WordingError(f"not a version: {version!r}{_SEPARATE}")
    version, build = version.replace(" ", ""), (build or "").strip()
    simple = not any(sign in version[1:] for sign in "=,|")
    if version.startswith("==") and not build:
        version = version[2:] or version
    elif version.startswith(("=<", "=>")) and simple:
        version = version[1:] if build or version.endswith("*") else f"{version[1:]}*"
    elif version.startswith("=") and simple and version[1:2] not in {*"=<>!~", ""}:
        fuzzy = not build and not version.endswith("*")
        version = f"{version[1:]}.*" if fuzzy else version[1:]
    return version, build


def _read(key: str, text: str) -> str:
    if key == "version":
        return _read_version(text)
    if key == "build":
        return _read_build(text)
    if key == "subdir":
        return _read_subdir(text)
    if key in _LISTS:
        return _read_list(key, text)
    if key == "when":
        return _read_condition(text)
    return _read_build_number(text) if key == "build_number" else _read_hash(key, text)


def _read_version(text: str) -> str:
    """Return a version expression with conda's special cases written out."""
    parts = [part.strip() for part in _BETWEEN_VERSIONS.split(text)]
    words = [part for part in parts if part]
    for left, right in zip(["(", *words], [*words, ")"], strict=True):
        if left in {*"(|,"} and right in {*")|,"}:
            raise WordingError(f"a version is missing: {text!r}")
    return "".join(word if word in {*"()|,"} else _one_version(word) for word in words)


def _one_version(text: str) -> str:
    if text == "*":
        return text
    if text.startswith("^") or text.endswith("$"):
        raise WordingError(f"a regular expression can't be locked: {text!r}")
    if match := _RELATION.fullmatch(text):
        relation, version = match.groups()
        return _related(relation, version, text)
    if operator := text[: len(text) - len(text.lstrip("=<>!~"))]:
        if operator == text and text in _OPERATORS:
            raise WordingError(f"no version after {text!r}")
        raise WordingError(f"{operator!r} is not an operator; use one of {' '.join(_OPERATORS)}")
    if text.endswith("*"):
        return f"{_checked(text.rstrip('*').rstrip('.'), text)}.*"
    return f"=={_checked(text, text)}"


def _related(relation: str, version: str, text: str) -> str:
    # conda drops the star, except after `!=`.
    starred = version.endswith(".*")
    if version.endswith("*") and not starred:
        return _beside_a_star(relation, version, text)
    bare = _checked(version[:-2] if starred else version, text)
    if starred and relation == "~=":
        raise WordingError(f"`~=` can't be used with a star: write `~={bare}`")
    if relation == "~=" and "." not in bare:
        raise WordingError(f"`~=` takes a version with a dot: write `{bare}.*` or `>={bare}`")
    if starred and relation == "!=":
        return f"!={bare}.*"
    return f"{bare}.*" if relation == "=" else f"{relation}{bare}"


def _beside_a_star(relation: str, version: str, text: str) -> str:
    """Return a comparison with ``VERSION*``, which sorts before every ``VERSION…``."""
    if not _ONE_STAR.fullmatch(version):
        raise WordingError(f"a star is allowed only at the end of a version, after a dot: {text!r}")
    if relation == "~=" and version == "*":
        raise WordingError("`~=` takes a version with a dot, not a star alone")
    if relation == "!=" or (version == "*" and relation in (">", ">=")):
        return "*"
    if relation in ("==", "=") or version == "*":
        return _NONE
    match = _STARRED.fullmatch(version)
    if match is None:
        raise WordingError(f"a star is allowed only at the end of a version, after a dot: {text!r}")
    bare = _checked(match[1], text)
    if relation == "~=":
        series, dot, _ = bare.rpartition(".")
        if not dot:
            raise WordingError(f"`~=` takes a version with a dot: write `{bare}.*`")
        return f">={bare}dev,{series}.*"
    return f"{relation[0]}{'=' if relation[0] == '>' else ''}{bare}dev"


def _checked(version: str, text: str) -> str:
    if "*" in version:
        raise WordingError(f"a star is allowed only at the end of a version, after a dot: {text!r}")
    if not _VERSION.fullmatch(version):
        hint = _SEPARATE if " " in text else ""
        two = re.match(r"[^=<>!~]+([=<>!~].*)", version)
        hint = f"; write a comma before {two.group(1)!r}" if two else hint
        raise WordingError(f"not a version: {text!r}{hint}")
    return version


def _read_build(text: str) -> str:
    if not _BUILD.fullmatch(text):
        raise WordingError(f"not a build: {text!r}; write it in full, or with `*` for any part")
    return text


def _read_subdir(text: str) -> str:
    if text not in _PLATFORMS:
        raise WordingError(f"not a platform: {text!r}")
    return text


def _read_list(key: str, text: str) -> str:
    """Return a list's items, joined by commas."""
    items = [item.strip().strip("\"'") for item in text.split(",")]
    pattern = _EXTRA if key == "extras" else _FLAG
    if wrong := [item for item in items if not pattern.fullmatch(item)]:
        raise WordingError(f"invalid item in {key}: {wrong[0]!r}; write {key}=[one, other]")
    return ",".join(items)


def _read_condition(text: str) -> str:
    """Return a condition whose MatchSpecs are valid and have no condition themselves."""

    def read(spec: str) -> bool:
        if "when" in parse_spec(spec).fields:
            raise WordingError(f"a condition can't contain a condition: {spec!r}")
        return True

    condition_holds(text, read)
    return " ".join(text.split())


def _read_build_number(text: str) -> str:
    if not _BUILD_NUMBER.fullmatch(text):
        raise WordingError(f"not a build number: {text!r}; write a number, or `>=` and a number")
    return text


def _read_hash(key: str, text: str) -> str:
    if not _HASH[key].fullmatch(text):
        raise WordingError(f"not a hash: {key}={text!r}")
    return text
