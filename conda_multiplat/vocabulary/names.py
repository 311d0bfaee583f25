"""Names: platforms, virtual packages, packages, projects and environments."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

#: Every subdir that conda knows as a target (CEP 26), `noarch` excluded: nothing is solved for it.
SUBDIRS: tuple[str, ...] = (
    "emscripten-wasm32",
    "freebsd-64",
    "linux-32",
    "linux-64",
    "linux-aarch64",
    "linux-armv6l",
    "linux-armv7l",
    "linux-ppc64",
    "linux-ppc64le",
    "linux-riscv64",
    "linux-s390x",
    "osx-64",
    "osx-arm64",
    "wasi-wasm32",
    "win-32",
    "win-64",
    "win-arm64",
    "zos-z",
)

#: Families of platforms that a manifest may name, with the prefixes of their subdirs.
FAMILIES: dict[str, tuple[str, ...]] = {
    "unix": ("linux-", "osx-", "freebsd-", "emscripten-"),
    "linux": ("linux-",),
    "osx": ("osx-",),
    "win": ("win-",),
}

DEFAULT_ENVIRONMENT = "default"
#: The pattern of a package's name (CEP 26).
PACKAGE_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"

_SEGMENTS = r"[0-9A-Za-z]+(?:[._-][0-9A-Za-z]+)*(?:\.[_-]|[_-]{1,2})?"
_VERSION = re.compile(rf"(?:\d{{1,19}}!)?{_SEGMENTS}(?:\+{_SEGMENTS})?")
#: A number that does not fit into 64 bits.
_TOO_LONG = re.compile(r"\d{20}")
_SPEC_NAME = re.compile(r"^\s*(?:[^\s\[\]=<>!~]*::)?\s*([A-Za-z0-9_.-]+)")


def is_version(text: str) -> bool:
    """Return whether conda and rattler can compare a package's version."""
    return (
        _VERSION.fullmatch(text) is not None
        and _TOO_LONG.search(text) is None
        and not ("_" in text and "-" in text)
    )


class VirtualPackage(NamedTuple):
    """A property of a machine as a package (CEP 30): ``__cuda 12.4``, ``__archspec 1 x86_64``."""

    name: str
    version: str
    build: str = "0"

    def __str__(self) -> str:
        shown = self.version if self.build == "0" else f"{self.version} {self.build}"
        return f"{self.name} {shown}"


def families(subdir: str) -> tuple[str, ...]:
    """Return the families of ``subdir``, the broadest first."""
    return tuple(name for name, prefixes in FAMILIES.items() if subdir.startswith(prefixes))


@lru_cache(maxsize=65536)  # the records of a channel repeat a few specs
def spec_name(spec: str) -> str:
    """Return the package name of a MatchSpec in lower case; ``""`` if it has none."""
    match = _SPEC_NAME.match(spec)
    return match.group(1).lower() if match else ""


@lru_cache(maxsize=65536)
def split_spec(spec: str) -> tuple[str, str]:
    """Split a record's dependency into (name, constraint): ``"a >=1"`` -> ``("a", ">=1")``."""
    match = _SPEC_NAME.match(spec)
    return (match.group(1).lower(), spec[match.end() :].strip()) if match else ("", spec.strip())


def on_one_line(text: str) -> str:
    """Return a MatchSpec with one space for all white space between words, and behind them.

    What is behind counts: conda takes ``foo=``, and refuses ``foo= ``.
    """
    return " ".join(text.split()) + (" " if text[-1:].isspace() else "")


def enumerated(names: Sequence[str], shown: int = 6) -> str:
    """Join names for a sentence; if there are more than ``shown``, say how many more."""
    if len(names) <= shown + 1:
        return ", ".join(names)
    return f"{', '.join(names[:shown])} and {len(names) - shown} more"


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """Return the values in their order, without duplicates."""
    return tuple(dict.fromkeys(values))


def project_name(name: str) -> str:
    """Return a PyPI project's normalised name (PEP 503).

    ``packaging`` has this too, but importing it takes longer than reading a manifest.
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def is_device(name: str) -> bool:
    """Return whether Windows reserves a file name for a device; its suffix doesn't matter."""
    return re.fullmatch(_DEVICE, name) is not None


_DEVICE = r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])[ ]*(\..*)?"


def is_prefix_name(name: str) -> bool:
    """Return whether a name is allowed for an environment's folder: no path, option or shell code.

    conda accepts more: ``..``, which is the folder above all environments, control characters,
    ``$(id)``. In addition to what the hint says, ``+``, ``@`` and ``=`` are allowed after the first
    character: shells don't interpret them there, and conda's own folders have them (``c++``).
    """
    return (
        bool(name.strip("."))
        and name[0] not in "-+@="
        and all(map(_is_allowed_in_prefix_name, name))
        and len(name.encode()) <= _LONGEST_FOLDER
    )


def _is_allowed_in_prefix_name(sign: str) -> bool:
    """Return whether a character is allowed: letters and digits of all scripts, and their marks."""
    return sign in "-_.+@=" or sign.isalnum() or f"a{sign}".isidentifier()


#: The maximum length of a folder's name on most file systems, in bytes.
_LONGEST_FOLDER = 255
#: The hint for an invalid name.
PREFIX_NAME_HINT = (
    "write letters, digits, `-`, `_` and `.`, with no `-` at the start, 255 bytes at most"
)


def nearest(word: str, known: Iterable[str], count: int = 1) -> list[str]:
    """Return up to ``count`` names of ``known`` that are similar to ``word``."""
    return difflib.get_close_matches(word, list(known), n=count, cutoff=0.6)


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a hint with the nearest known word, or ``otherwise`` if none is similar."""
    matches = nearest(word, known)
    return f"did you mean {matches[0]!r}?" if matches else otherwise


def nearest_or_all(word: str, known: Iterable[str], label: str = "known") -> str:
    """Return a hint with the nearest known word, or with all of them after ``label``."""
    names = list(known)
    return did_you_mean(word, names, f"{label}: {', '.join(names)}")
