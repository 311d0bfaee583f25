"""The words of the project as types: platforms, virtual packages, channel and package names."""

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

#: Groups of platforms that a manifest may name, each with the subdir prefixes it stands for.
FAMILIES: dict[str, tuple[str, ...]] = {
    "unix": ("linux-", "osx-", "freebsd-", "emscripten-"),
    "linux": ("linux-",),
    "osx": ("osx-",),
    "win": ("win-",),
}

DEFAULT_ENVIRONMENT = "default"
#: A package's name alone (CEP 26), as a pattern.
PACKAGE_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"

_SEGMENTS = r"[0-9A-Za-z]+(?:[._-][0-9A-Za-z]+)*(?:\.[_-]|[_-]{1,2})?"
_VERSION = re.compile(rf"(?:\d{{1,19}}!)?{_SEGMENTS}(?:\+{_SEGMENTS})?")
#: More digits than a number of 64 bits has.
_TOO_LONG = re.compile(r"\d{20}")
_SPEC_NAME = re.compile(r"^\s*(?:[^\s\[\]=<>!~]*::)?\s*([A-Za-z0-9_.-]+)")


def is_version(text: str) -> bool:
    """Whether conda, and rattler, can put a package's version in order."""
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
    """The families of ``subdir``, the broadest first."""
    return tuple(name for name, prefixes in FAMILIES.items() if subdir.startswith(prefixes))


@lru_cache(maxsize=65536)  # a channel's records repeat the same few
def spec_name(spec: str) -> str:
    """The package name that a MatchSpec text asks for, in lower case; ``""`` when it has none."""
    match = _SPEC_NAME.match(spec)
    return match.group(1).lower() if match else ""


@lru_cache(maxsize=65536)
def split_spec(spec: str) -> tuple[str, str]:
    """A record's dependency as (name, constraint): ``"a >=1"`` -> ``("a", ">=1")``."""
    match = _SPEC_NAME.match(spec)
    return (match.group(1).lower(), spec[match.end() :].strip()) if match else ("", spec.strip())


def enumerated(names: Sequence[str], shown: int = 6) -> str:
    """Names in a sentence; of very many the first, and how many more there are."""
    if len(names) <= shown + 1:
        return ", ".join(names)
    return f"{', '.join(names[:shown])} and {len(names) - shown} more"


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """The values in their order, each once."""
    return tuple(dict.fromkeys(values))


def project_name(name: str) -> str:
    """A PyPI project's normalised name (PEP 503).

    ``packaging`` has it too, and takes longer to load than a manifest to read.
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def is_device(name: str) -> bool:
    """Whether Windows takes a file's name for a device, whatever comes after a dot."""
    return re.fullmatch(_DEVICE, name) is not None


_DEVICE = r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])[ ]*(\..*)?"


def is_prefix_name(name: str) -> bool:
    """Whether an environment's folder may have the name: never a path, an option or shell words.

    conda takes more: ``..``, which is the folder above all environments, control characters,
    ``$(id)``. Beside what the hint says, ``+``, ``@`` and ``=`` are taken where no name begins:
    no shell gives them a meaning there, and folders of conda's own have them (``c++``).
    """
    return (
        bool(name.strip("."))
        and name[0] not in "-+@="
        and all(map(_is_of_a_prefix_name, name))
        and len(name.encode()) <= _LONGEST_FOLDER
    )


def _is_of_a_prefix_name(sign: str) -> bool:
    """Letters and digits of all scripts, with their accents and vowel signs, and few others."""
    return sign in "-_.+@=" or sign.isalnum() or f"a{sign}".isidentifier()


#: Bytes of a folder's name, as most file systems have it.
_LONGEST_FOLDER = 255
#: What to write instead of a name that is none.
PREFIX_NAME_HINT = (
    "write letters, digits, `-`, `_` and `.`, with no `-` at the start, 255 bytes at most"
)


def nearest(word: str, known: Iterable[str], count: int = 1) -> list[str]:
    """The ``count`` names of ``known`` that look most like ``word``; none when nothing does."""
    return difflib.get_close_matches(word, list(known), n=count, cutoff=0.6)


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint that names the nearest known word, or ``otherwise``."""
    near = nearest(word, known)
    return f"did you mean {near[0]!r}?" if near else otherwise


def nearest_or_all(word: str, known: Iterable[str], these: str = "known") -> str:
    """A hint that names the nearest known word, or all of them after ``these``."""
    names = list(known)
    return did_you_mean(word, names, f"{these}: {', '.join(names)}")
