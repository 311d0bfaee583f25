"""Write a new ``environment.yml``, with comment selectors and CEP 24's keys.

Lines for every platform come first, in the order of the files. Lines for some platforms follow, by
package, each with the shortest selector for its platforms (``selector_writer``). Reading the text
again gives the same values (``values.request_differences``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import yaml

from conda_multiplat.importers.values import Imported, conda_meaning, pypi_meaning
from conda_multiplat.manifest import exclude_newer
from conda_multiplat.manifest.audit_options import Ignored
from conda_multiplat.manifest.license_rules import LicenseRules
from conda_multiplat.manifest.model import Environment, Manifest, Requirement, View
from conda_multiplat.vocabulary.errors import Location
from conda_multiplat.vocabulary.exclude_newer import NEVER, Rule
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, unique
from conda_multiplat.vocabulary.selector_writer import selectors
from conda_multiplat.vocabulary.yaml_scalars import list_item

_HEADER = """\
# Imported by `conda multiplat import` from {sources}.
# A line with a selector, `# [linux]`, applies only to those platforms; the others apply to all.
"""
#: The largest column for aligned comments.
_COLUMN = 44

#: Reasons for promises: environment and platform -> comments.
Reasons = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Line:
    """A line of a list, its platforms and its comments.

    ``everywhere`` says whether these are all platforms of its environment.
    """

    text: str
    subdirs: frozenset[str]
    name: str = ""
    words: str = ""
    everywhere: bool = True


def render(imported: Imported, sources: Sequence[str], *, comments: bool = True) -> str:
    r"""Return the manifest's text, with ``\n`` line ends.

    Args:
        imported: the content.
        sources: the imported files, for the header.
        comments: whether to write the comments of requirements.
    """
    manifest = imported.manifest
    words = imported.comments if comments else {}
    default = manifest.environments[DEFAULT_ENVIRONMENT]
    everywhere = list(default.views)
    lines = [f"name: {_text(manifest.name)}"] if manifest.name else []
    lines += _channels(default, everywhere, "")
    lines += ["platforms:", *(f"  - {platform}" for platform in manifest.platforms)]
    lines += _category(default, everywhere)
    lines += _dependencies(default, everywhere, words, "")
    lines += _variables(manifest, everywhere)
    lines += _multiplat(manifest, words, imported.reasons if comments else {})
    return _HEADER.format(sources=", ".join(sources)) + "\n".join(lines) + "\n"


def _channels(environment: Environment, subdirs: Sequence[str], pad: str) -> list[str]:
    lists = {subdir: [c.value for c in environment.views[subdir].channels] for subdir in subdirs}
    items = _ordered(lists)
    if not items:
        return []
    return [f"{pad}channels:", *_lines(items, subdirs, f"{pad}  - ")]


def common_order(lists: Iterable[Sequence[str]]) -> list[str] | None:
    """Return an order that agrees with all lists; ``None`` if there is none."""
    before: dict[str, set[str]] = {}
    for entries in lists:
        for index, name in enumerate(entries):
            before.setdefault(name, set()).update(entries[:index])
    names: list[str] = []
    while len(names) < len(before):
        ready = [name for name in before if name not in names and before[name] <= set(names)]
        if not ready:
            return None
        names.append(ready[0])
    return names


def _ordered(lists: Mapping[str, Sequence[str]]) -> list[Line]:
    """Join the lists of several platforms; those without a common order are concatenated."""
    order = common_order(lists.values())
    if order is not None:
        return [
            Line(name, frozenset(subdir for subdir, names in lists.items() if name in names))
            for name in order
        ]
    same: dict[tuple[str, ...], set[str]] = {}
    for subdir, names in lists.items():
        same.setdefault(tuple(names), set()).add(subdir)
    return [Line(name, frozenset(at)) for names, at in same.items() for name in names]


def _category(default: Environment, subdirs: Sequence[str]) -> list[str]:
    categories: dict[str, set[str]] = {}
    for subdir in subdirs:
        view = default.views[subdir]
        for line in (*view.conda, *view.pypi):
            categories.setdefault(line.category, set()).add(subdir)
    items = [Line(name, frozenset(at)) for name, at in categories.items() if name != "main"]
    return _lines(items, subdirs, "category: ")


def _dependencies(
    environment: Environment,
    subdirs: Sequence[str],
    words: Mapping[Location, str],
    pad: str,
) -> list[str]:
    conda, pypi = _requirements(environment, subdirs, words)
    if not conda and not pypi:
        return [] if pad else ["dependencies: []"]
    lines = [f"{pad}dependencies:", *_lines(conda, subdirs, f"{pad}  - ")]
    if pypi:
        lines += [f"{pad}  - pip:", *_lines(pypi, subdirs, f"{pad}      - ")]
    return lines


def environment_lines(manifest: Manifest, environment: Environment) -> list[Line]:
    """Return an environment's own requirements, conda's first."""
    conda, pypi = _requirements(environment, _subdirs(manifest, environment), {})
    return [*conda, *pypi]


def _subdirs(manifest: Manifest, environment: Environment) -> Sequence[str]:
    """Return the platforms of an environment's lines; ``default`` has lines for all platforms."""
    is_declared = environment.name != DEFAULT_ENVIRONMENT
    return manifest.platforms_of(environment.name) if is_declared else list(environment.views)


def _requirements(
    environment: Environment, subdirs: Sequence[str], words: Mapping[Location, str]
) -> tuple[list[Line], list[Line]]:
    views = {subdir: environment.views.get(subdir, View()) for subdir in subdirs}
    conda = _items({subdir: view.conda for subdir, view in views.items()}, words, pypi=False)
    pypi = _items({subdir: view.pypi for subdir, view in views.items()}, words, pypi=True)
    return conda, pypi


def _items(
    views: Mapping[str, Sequence[Requirement]], words: Mapping[Location, str], *, pypi: bool
) -> list[Line]:
    """Return all platforms' requirements, each once: shared ones, then the rest by package."""
    meaning = pypi_meaning if pypi else conda_meaning
    by_meaning: dict[str, tuple[list[Requirement], set[str]]] = {}
    for subdir, requirements in views.items():
        for requirement in requirements:
            lines, at = by_meaning.setdefault(meaning(requirement.text), ([], set()))
            lines.append(requirement)
            at.add(subdir)
    items = [
        Line(
            lines[0].text,
            frozenset(at),
            lines[0].name or lines[0].text,
            next(filter(None, (words.get(line.at, "") for line in lines)), ""),
            everywhere=len(at) == len(views),
        )
        for lines, at in by_meaning.values()
    ]
    order = _order(views)
    return sorted(
        items,
        key=lambda item: (
            not (pypi and _is_option(item.text)),  # before their packages
            not item.everywhere,
            order[item.name],
        ),
    )


def _order(views: Mapping[str, Sequence[Requirement]]) -> dict[str, tuple[int, int]]:
    """Return the position of each package: that of its first line, in the first file with it."""
    lines = [requirement for requirements in views.values() for requirement in requirements]
    files = unique(line.at.file for line in lines)
    places: dict[str, tuple[int, int]] = {}
    for line in lines:
        place = (files.index(line.at.file), line.at.line)
        name = line.name or line.text
        places[name] = min(place, places.get(name, place))
    return places


def _is_option(entry: str) -> bool:
    return entry.startswith("-") and not entry.startswith(("-e", "--editable"))


def _lines(items: Sequence[Line], subdirs: Sequence[str], lead: str) -> list[str]:
    """Return the lines of items, one per selector, with aligned comments."""
    rows = [
        (f"{lead}{_text(item.text)}", comment)
        for item in items
        for comment in _comments(item, subdirs)
    ]
    widths = [len(line) for line, comment in rows if comment and len(line) <= _COLUMN]
    width = max(widths, default=0)
    return [f"{line.ljust(width)}  # {words}" if words else line for line, words in rows]


def _comments(item: Line, subdirs: Sequence[str]) -> list[str]:
    """Return the comment of each line of an item; the item's own comment is written once."""
    brackets = [f"[{word}]" for word in selectors(item.subdirs, subdirs)] or [""]
    return [
        " ".join(filter(None, [item.words * (number == 0), word]))
        for number, word in enumerate(brackets)
    ]


def _variables(manifest: Manifest, subdirs: Sequence[str]) -> list[str]:
    places: dict[tuple[str, str], set[str]] = {}
    for subdir in subdirs:
        for name, value in manifest.variables.get(subdir, {}).items():
            places.setdefault((name, value), set()).add(subdir)
    names = list(unique(name for name, _ in places))
    items = [
        (f"  {name}: {_quoted(value)}", selectors(at, subdirs))
        for (name, value), at in sorted(places.items(), key=lambda item: names.index(item[0][0]))
    ]
    lines = [
        f"{line}  # [{word}]" if word else line for line, words in items for word in words or [""]
    ]
    return ["variables:", *lines] if lines else []


def _multiplat(manifest: Manifest, words: Mapping[Location, str], reasons: Reasons) -> list[str]:
    default = manifest.environments[DEFAULT_ENVIRONMENT]
    lines = _promises(default, reasons, "  ")
    if default.solve_group:
        lines.append(f"  solve-group: {_text(default.solve_group)}")
    for index, (name, projects) in enumerate(manifest.pypi_names.items()):
        lines += ["  pypi-names:"] * (index == 0)
        lines.append(f"    {_text(name)}: {_flow(projects)}")
    if any(manifest.pypi):
        lines += ["  pypi:", *(f"    {key}: {v}" for key, v in manifest.pypi.choices().items())]
        lines += _mapping("indexes", manifest.pypi.indexes)
        lines += _mapping("sources", manifest.pypi.sources)
    lines += _licenses(manifest.licenses)
    lines += _audit(manifest.ignored)
    lines += _exclude_newer(manifest.exclude_newer.conda)
    others = [
        environment for environment in manifest.environments.values() if environment is not default
    ]
    lines += ["  environments:"] * bool(others)
    for other in others:
        lines += _environment(other, manifest, words, reasons)
    if manifest.prefer:
        lines.append(f"  prefer: {_flow(manifest.prefer)}")
    return ["multiplat:", *lines] if lines else []


def _licenses(rules: LicenseRules) -> list[str]:
    lines = ["  licenses:"] * any(rules)
    for key, entries in (("allow", rules.allow), ("deny", rules.deny)):
        lines += [f"    {key}: {_flow([entry.value for entry in entries])}"] * bool(entries)
    lines += ["    exceptions:"] * bool(rules.exceptions)
    for exception in rules.exceptions:
        lines.append(f"      {_text(exception.package)}:")
        lines += [f"        license: {_quoted(exception.license)}"] * bool(exception.license)
        lines.append(f"        reason: {_quoted(exception.reason)}")
    return lines


def _audit(ignored: Sequence[Ignored]) -> list[str]:
    lines = ["  audit:", "    ignore:"] * bool(ignored)
    for entry in ignored:
        lines.append(f"      - id: {_text(entry.id)}")
        lines.append(f"        reason: {_quoted(entry.reason)}")
        lines.append(f"        until: {entry.until}")
    return lines


def _exclude_newer(rule: Rule) -> list[str]:
    lines = [f"  {exclude_newer.EVERYTHING}: {_text(rule.everything)}"] if rule.everything else []
    for key, values in (
        (exclude_newer.OF_CHANNELS, rule.channels),
        (exclude_newer.OF_PACKAGES, rule.packages),
    ):
        lines += [f"  {key}:"] * bool(values)
        lines += [f"    {_text(name)}: {_rule(text)}" for name, text in values]
    return lines


def _rule(text: str) -> str:
    return text if text == NEVER else _text(text)


def _mapping(key: str, values: Sequence[tuple[str, str]]) -> list[str]:
    lines = [f"      {_text(name)}: {_text(value)}" for name, value in values]
    return [f"    {key}:", *lines] if lines else []


def _environment(
    environment: Environment,
    manifest: Manifest,
    words: Mapping[Location, str],
    reasons: Reasons,
) -> list[str]:
    subdirs = _subdirs(manifest, environment)
    pad = "      "
    lines: list[str] = []
    if environment.own_name:
        lines.append(f"{pad}name: {_text(environment.own_name)}")
    if environment.extends != (DEFAULT_ENVIRONMENT,):
        lines.append(f"{pad}extends: {_flow(environment.extends)}")
    if environment.platforms:
        lines.append(f"{pad}platforms: {_flow(environment.platforms)}")
    lines += _promises(environment, reasons, pad)
    if environment.solve_group:
        lines.append(f"{pad}solve-group: {_text(environment.solve_group)}")
    lines += _channels(
        environment, [subdir for subdir in subdirs if subdir in environment.views], pad
    )
    lines += _dependencies(environment, subdirs, words, pad)
    head = f"    {_text(environment.name)}:"
    return [head, *lines] if lines else [f"{head} {{}}"]


def _promises(environment: Environment, reasons: Reasons, pad: str) -> list[str]:
    lines = []
    for platform, values in environment.promises.items():
        words = reasons.get((environment.name, platform), "")
        line = f"{pad}  {platform}: {{{', '.join(_promise(*value) for value in values.items())}}}"
        lines += [f"{line}  # {words}" if words else line] if values else []
    return [f"{pad}virtual-packages:", *lines] if lines else []


def _promise(name: str, value: str | None) -> str:
    return f"{name}: null" if value is None else f"{name}: {_quoted(value)}"


def _flow(values: Sequence[str]) -> str:
    return f"[{', '.join(list_item(value, flow=True) for value in values)}]"


def _quoted(value: str) -> str:
    """Quote a text for one line of YAML, with line ends and control characters escaped."""
    return str(yaml.safe_dump(value, default_style='"', width=1 << 30)).rstrip("\n")


def _text(value: str) -> str:
    """Return a value of a block as YAML: plain if it is read back as the same text, else quoted."""
    return list_item(value, flow=False) if value.isprintable() else _quoted(value)
