"""SPDX licence expressions, read from the various forms in which packages state licences.

``license-expression`` parses them and has SPDX's list. Other text is translated if it can mean
only one licence: ``BSD 3-Clause``, ``Apache License 2.0``, ``GPLv3+``. Ambiguous text, such as
``BSD`` or ``LGPL, MIT``, is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from license_expression import LicenseSymbol, Licensing, get_license_index

from conda_multiplat.vocabulary.names import nearest
from conda_multiplat.vocabulary.package_facts import PackageFacts

#: A user-defined licence, for which SPDX has no identifier (SPDX 3.0, annex B).
_REFERENCE = re.compile(r"(DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")
#: The maximum length of an expression, in characters; longer text is that of a licence.
_LONGEST = 1000
#: The maximum length of a text that is shown, in characters.
_SHOWN = 120
_FEW = 4
_OPERATORS = re.compile(r"(\s+(?:and|or|with)\s+|[()])", re.IGNORECASE)
#: Words without meaning: ``The MIT License`` is ``MIT``.
_FILLING = re.compile(r"\b(?:the|licen[sc]e|version)\b|\bv(?=[0-9])|,", re.IGNORECASE)
#: ``GPLv3+``, ``LGPL 2.1 or later``, ``GPL (>= 3)``; without a ``+`` that version alone.
_GNU = re.compile(
    r"(?:gnu )?(?P<kind>[al]?gpl)[ -]?v?(?P<older>\(?>= ?)?(?P<version>[123](?:\.[01])?)\)?"
    r"(?P<later> ?\+| or later| or newer)?"
)
_VERSIONS = {"1": "1.0", "2": "2.0", "3": "3.0"}
#: Names in lower case, without meaningless words -> SPDX identifiers.
_ALIASES = {
    "3-clause bsd": "BSD-3-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3 clause": "BSD-3-Clause",
    "bsd-3": "BSD-3-Clause",
    "modified bsd": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "2-clause bsd": "BSD-2-Clause",
    "bsd 2-clause": "BSD-2-Clause",
    "bsd 2 clause": "BSD-2-Clause",
    "bsd-2": "BSD-2-Clause",
    "simplified bsd": "BSD-2-Clause",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "apache software 2.0": "Apache-2.0",
    "expat": "MIT",
    "mit": "MIT",
    "isc": "ISC",
    "mpl 2.0": "MPL-2.0",
    "mozilla public 2.0": "MPL-2.0",
    "mozilla public 2.0 (mpl 2.0)": "MPL-2.0",
    "epl 1.0": "EPL-1.0",
    "epl 2.0": "EPL-2.0",
    "psf 2": "PSF-2.0",
    "psf 2.0": "PSF-2.0",
    "python software foundation": "PSF-2.0",
    "tcl/tk": "TCL",
    "uiuc": "NCSA",
    "unlicense": "Unlicense",
    "zlib": "Zlib",
    "zlib/libpng": "Zlib",
    "public domain": "LicenseRef-Public-Domain",
    "public-domain": "LicenseRef-Public-Domain",
    # SPDX's deprecated identifiers.
    "gpl-2.0-with-autoconf-exception": "GPL-2.0-only WITH Autoconf-exception-2.0",
    "gpl-2.0-with-bison-exception": "GPL-2.0-only WITH Bison-exception-2.2",
    "gpl-2.0-with-classpath-exception": "GPL-2.0-only WITH Classpath-exception-2.0",
    "gpl-2.0-with-font-exception": "GPL-2.0-only WITH Font-exception-2.0",
    "gpl-2.0-with-gcc-exception": "GPL-2.0-only WITH GCC-exception-2.0",
    "gpl-3.0-with-autoconf-exception": "GPL-3.0-only WITH Autoconf-exception-3.0",
    "gpl-3.0-with-gcc-exception": "GPL-3.0-only WITH GCC-exception-3.1",
}
#: PyPI's classifiers that mean one licence; the others (``BSD License``) leave it open.
_OSI = "License :: OSI Approved :: "
_GROUPS = ("License :: OSI Approved",)
_CLASSIFIERS = {
    f"{_OSI}Blue Oak Model License (BlueOak-1.0.0)": "BlueOak-1.0.0",
    f"{_OSI}Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    f"{_OSI}CMU License (MIT-CMU)": "MIT-CMU",
    f"{_OSI}Eclipse Public License 1.0 (EPL-1.0)": "EPL-1.0",
    f"{_OSI}Eclipse Public License 2.0 (EPL-2.0)": "EPL-2.0",
    f"{_OSI}European Union Public Licence 1.1 (EUPL 1.1)": "EUPL-1.1",
    f"{_OSI}European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
    f"{_OSI}GNU Affero General Public License v3": "AGPL-3.0-only",
    f"{_OSI}GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    f"{_OSI}GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    f"{_OSI}GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    f"{_OSI}GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    f"{_OSI}GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    f"{_OSI}GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.0-only",
    f"{_OSI}GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    f"{_OSI}GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    f"{_OSI}GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    f"{_OSI}ISC License (ISCL)": "ISC",
    f"{_OSI}MIT License": "MIT",
    f"{_OSI}MIT No Attribution License (MIT-0)": "MIT-0",
    f"{_OSI}Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
    f"{_OSI}Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    f"{_OSI}Python Software Foundation License": "PSF-2.0",
    f"{_OSI}SIL Open Font License 1.1 (OFL-1.1)": "OFL-1.1",
    f"{_OSI}The Unlicense (Unlicense)": "Unlicense",
    f"{_OSI}Universal Permissive License (UPL)": "UPL-1.0",
    f"{_OSI}zlib/libpng License": "Zlib",
    "License :: CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "License :: Public Domain": "LicenseRef-Public-Domain",
}


def _known_symbols() -> Iterator[LicenseSymbol]:
    """Yield SPDX's licences and exceptions, without others' ``LicenseRef-`` names."""
    for entry in get_license_index():
        key = entry.get("spdx_license_key") or ""
        if key and not _REFERENCE.fullmatch(key):
            aliases = entry.get("other_spdx_license_keys") or ()
            old = tuple(alias for alias in aliases if not _REFERENCE.fullmatch(alias))
            yield LicenseSymbol(key, aliases=old, is_exception=bool(entry.get("is_exception")))


@lru_cache(maxsize=1)
def _spdx() -> tuple[Licensing, dict[str, str]]:
    """Return the parser, and current and deprecated identifiers in lower case -> current ones."""
    symbols = list(_known_symbols())
    names = {alias.lower(): symbol.key for symbol in symbols for alias in symbol.aliases}
    names |= {symbol.key.lower(): symbol.key for symbol in symbols}
    return Licensing(symbols), names


@lru_cache(maxsize=4096)  # many packages state the same
def read_expression(text: str) -> str:
    """Return a stated licence as an SPDX expression; ``""`` if it can't be read.

    1. ``text`` as a whole is looked for in the table of common wordings, since ``or`` can be a part
       of one (``GPL 2 or later``);
    2. otherwise, each name between its operators is looked for;
    3. ``license-expression`` parses the result, in which each name must be SPDX's or have the form
       ``LicenseRef-…``.
    """
    if not text.strip() or len(text) > _LONGEST:
        return ""
    whole = _name(text)
    parts = [text] if whole else _OPERATORS.split(text)
    parsed = _parsed("".join(_operator(part) or _name(part) or part for part in parts))
    return "" if parsed is None else str(parsed.render())


def _operator(part: str) -> str:
    return f" {part.strip().upper()} " if _OPERATORS.fullmatch(part) else ""


def _name(text: str) -> str:
    """Return the SPDX identifier of a licence's name, or ``""``."""
    name = " ".join(text.lower().split())
    plain = " ".join(_FILLING.sub(" ", name).split())
    known = _spdx()[1]
    for alias in (name, plain):
        if spdx := _ALIASES.get(alias) or known.get(alias):
            return spdx
    match = _GNU.fullmatch(plain)
    if match is None:
        return ""
    version = _VERSIONS.get(match["version"], match["version"])
    later = "or-later" if match["later"] or match["older"] else "only"
    return known.get(f"{match['kind']}-{version}-{later}", "")


def _parsed(text: str) -> Any:
    """Parse an expression with ``license-expression``; ``None`` if a part of it is unknown."""
    spdx, _ = _spdx()
    try:
        parsed = spdx.parse(text, strict=True, simple=True)
    except Exception:  # its own errors, RecursionError, and IndexError for `()`
        return None
    if parsed is None:
        return None
    unknown = spdx.unknown_license_keys(parsed)
    return parsed if all(_REFERENCE.fullmatch(str(key)) for key in unknown) else None


class License(NamedTuple):
    """A package's licence.

    Attributes:
        expression: the SPDX expression; ``""`` if the statement can't be read.
        statement: the licence as stated; ``""`` if none is stated.
    """

    expression: str
    statement: str


def read_license(facts: PackageFacts) -> License:
    """Return the licence that is stated for a package.

    PyPI's classifiers count if ``License`` is missing or can't be read, and if each of them means
    one licence. Several are joined by ``AND``, since nothing says that they are a choice.
    """
    statement = " ".join(facts.license.split())
    if expression := read_expression(statement):
        return License(expression, statement)
    names = [name for name in facts.classifiers if name not in _GROUPS]
    identifiers = [_CLASSIFIERS.get(name, "") for name in names]
    expression = " AND ".join(dict.fromkeys(identifiers)) if all(identifiers) else ""
    if statement and len(statement) <= _SHOWN:
        return License(expression, statement)
    shown = "; ".join(name.rpartition(" :: ")[2] for name in names)
    return License(expression, shown or statement[:_SHOWN])


def complies(expression: str, allowed: Callable[[str], bool]) -> bool:
    """Return whether allowed licences satisfy an expression.

    ``OR`` needs one side, ``AND`` all of them. ``X WITH Y`` counts as a licence of its own.
    """
    spdx, _ = _spdx()

    def holds(part: Any) -> bool:
        if isinstance(part, spdx.OR):
            return any(map(holds, part.args))
        if isinstance(part, spdx.AND):
            return all(map(holds, part.args))
        return allowed(str(part.render()))

    return holds(_parsed(expression))


def single_licenses(expression: str) -> list[str]:
    """Return the licences of an expression, without duplicates; ``X WITH Y`` is one licence."""
    spdx, _ = _spdx()

    def leaves(part: Any) -> Iterator[str]:
        if isinstance(part, spdx.OR | spdx.AND):
            for inner in part.args:
                yield from leaves(inner)
        else:
            yield str(part.render())

    return list(dict.fromkeys(leaves(_parsed(expression))))


def is_identifier(name: str) -> bool:
    """Return whether a text is an identifier of SPDX's list, without an exception."""
    return _spdx()[1].get(name.lower()) == name


def entry_problem(text: str) -> tuple[str, str] | None:
    """Return what is wrong with a licence in a manifest's list, and what to write instead.

    It must be written as SPDX's current identifier, so that a licence has one name.
    """
    expression = read_expression(text)
    if not expression:
        return _unknown(text)
    if len(single_licenses(expression)) > 1:
        return f"{text!r} names several licences", "write each as an entry of its own"
    if expression != text:
        return f"{text!r} is not SPDX's spelling", f"write {expression}"
    return None


def _unknown(text: str) -> tuple[str, str]:
    """Return what is wrong with a text that is not an expression: its first unknown name."""
    known = _spdx()[1]
    names = [name.strip() for name in _OPERATORS.split(text) if not _operator(name)]
    unknown = [name for name in names if name and not (_name(name) or _REFERENCE.fullmatch(name))]
    wrong = next(iter(unknown), text.strip())
    message = f"{wrong[:_SHOWN]!r} is not in SPDX's licence list"
    if name := known.get(wrong.lower()):
        return (
            f"{text[:_SHOWN]!r} is not a licence",
            f"an exception needs a licence: LICENCE WITH {name}",
        )
    return message, _near(wrong, set(known.values()))


def _near(wrong: str, known: set[str]) -> str:
    """Return a hint with identifiers that begin in the same way (``BSD``) or are similar."""
    lower = wrong.lower()
    longer = sorted((len(name), name) for name in known if name.lower().startswith(f"{lower}-"))
    if longer:
        return f"write one of: {', '.join(sorted(name for _, name in longer[:_FEW]))}"
    names = {name.lower(): name for name in known}
    matches = nearest(lower, names)
    otherwise = "write an identifier of SPDX's list, or LicenseRef-NAME"
    return f"did you mean {names[matches[0]]!r}?" if matches else otherwise
