"""Reads manifests: ``environment.yml`` text -> :class:`Manifest`, or every problem of it at once.

How a file is read, and why in this order:

1. The whole text gives what no selector changes: ``platforms`` and the ``multiplat:`` key.
2. For each platform that is named anywhere, lines whose comment selector is false are blanked
   (CEP 24: the rest must be YAML, and only that), and the rest is read again: that platform's
   dependencies, channels and variables. Files without comment selectors are parsed once.
3. Several files are combined as conda-lock does: what a later file says of a package replaces
   what earlier ones say; of the channel lists, one must end with the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

import yaml

from conda_multiplat.errors import Location, ManifestError, Problem
from conda_multiplat.manifest import Environment, Manifest, Requirement, View
from conda_multiplat.names import (
    DEFAULT_ENVIRONMENT,
    FAMILIES,
    SUBDIRS,
    did_you_mean,
    nearest,
    spec_name,
)
from conda_multiplat.pip_entries import PipEntryError, entry_name
from conda_multiplat.selectors import (
    SelectorError,
    dict_selector,
    filter_lines,
    first_comment_selector,
)
from conda_multiplat.virtual_packages import promise_problem
from conda_multiplat.yaml_nodes import Reader, Text, is_null, is_string

TOP_LEVEL = (
    "name",
    "prefix",
    "channels",
    "dependencies",
    "variables",
    "platforms",
    "category",
    "multiplat",
)
MULTIPLAT = ("virtual-packages", "environments", "prefer")
ENVIRONMENT = ("extends", "platforms", "virtual-packages", "channels", "dependencies")

_ENVIRONMENT_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
_FORBIDDEN_IN_NAME = re.compile(r"[/ :#]")

#: Says what is wrong with a MatchSpec, or nothing: the conda engine's parser, as a port.
SpecCheck = Callable[[str], str | None]


@dataclass(frozen=True)
class Source:
    """A manifest's text and its name as the user knows it."""

    file: str
    text: str


@dataclass
class _Head:
    """What one file says apart from platforms' lines."""

    name: Text | None = None
    platforms: tuple[str, ...] = ()
    promises: dict[str, dict[str, str | None]] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)
    prefer: tuple[Text, ...] = ()
    warnings: list[str] = field(default_factory=list)


@dataclass
class _Lines:
    """What one file says for one platform: the view of each environment, and the variables."""

    views: dict[str, View] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)


def read_manifest(
    sources: Sequence[Source], *, host_subdirs: Sequence[str], check_spec: SpecCheck | None = None
) -> Manifest:
    """Read one or several files as one manifest.

    Args:
        sources: the files, in the order in which later ones take precedence.
        host_subdirs: the platforms to assume where no file names any (CEP 24).
        check_spec: what says whether a MatchSpec is one; left out, specs are not parsed.

    Raises:
        ManifestError: with every problem of every file.
    """
    readers = [(_FileReader(source, check_spec), source) for source in sources]
    heads = [reader.head() for reader, _ in readers]
    platforms = _ordered(each for head in heads for each in head.platforms) or tuple(host_subdirs)
    named = [env.platforms for head in heads for env in head.environments.values()]
    subdirs = _ordered([*platforms, *(each for group in named for each in group)])
    lines = [{subdir: reader.lines(subdir) for subdir in subdirs} for reader, _ in readers]
    problems = {problem for reader, _ in readers for problem in reader.problems}
    environments = _combine_environments(heads, lines, subdirs, problems)
    problems |= _relations(environments, heads)
    if problems:
        files = ", ".join(source.file for source in sources)
        raise ManifestError(f"{files} can't be used", problems=sorted(problems))
    name = next((head.name.value for head in reversed(heads) if head.name), None)
    return Manifest(
        files=tuple(source.file for source in sources),
        name=name,
        platforms=platforms,
        environments=environments,
        prefer=tuple(text.value for head in heads for text in head.prefer),
        variables={subdir: _merge(each[subdir].variables for each in lines) for subdir in subdirs},
        warnings=tuple(warning for head in heads for warning in head.warnings),
        platforms_given=any(head.platforms for head in heads),
    )


class _FileReader:
    """Reads one file, once for what holds everywhere and once for each platform."""

    def __init__(self, source: Source, check_spec: SpecCheck | None) -> None:
        self._source = source
        self._yaml = Reader(source.file)
        self._check_spec = cache(check_spec or (lambda _: None))
        self._comment_line = first_comment_selector(source.text)
        self._compose = cache(self._yaml.compose)

    @property
    def problems(self) -> set[Problem]:
        return self._yaml.problems

    # -- what holds on every platform

    def head(self) -> _Head:
        root = self._root(self._source.text)
        head = _Head()
        # A key can stand twice under different selectors, so that here the last one counts
        # and duplicates are looked for platform by platform.
        for key, node in root:
            self._head_key(key, node, head)
        if not any(key.value == "dependencies" for key, _ in root) and not self.problems:
            hint = "write `dependencies:` and a list; `dependencies: []` if there is nothing"
            self._yaml.problem(Location(self._source.file), "no `dependencies`", hint)
        return head

    def _root(self, text: str) -> list[tuple[Text, yaml.Node]]:
        node = self._compose(text)
        if node is None:
            if not self.problems:
                hint = "an environment.yml has at least `dependencies:`"
                self._yaml.problem(Location(self._source.file), "the file is empty", hint)
            return []
        if not isinstance(node, yaml.MappingNode):
            hint = "an environment.yml has `name:`, `channels:`, `dependencies:`"
            self._yaml.problem(node, "the file is not a mapping", hint)
            return []
        pairs = [(self._yaml.text(key, "a key"), value) for key, value in node.value]
        return [(key, value) for key, value in pairs if key is not None]

    def _head_key(self, key: Text, node: yaml.Node, head: _Head) -> None:
        match key.value:
            case "name":
                head.name = self._name(node)
            case "platforms":
                head.platforms = self._platforms(node, "platforms")
            case "multiplat":
                self._multiplat(node, head)
            case "category":
                self._yaml.text(node, "category")
            case unknown if unknown not in TOP_LEVEL:
                hint = did_you_mean(unknown, TOP_LEVEL)
                shown = f"{key.at}: unknown key {unknown!r} is ignored"
                head.warnings.append(f"{shown} ({hint})" if hint else shown)

    def _name(self, node: yaml.Node) -> Text | None:
        if is_null(node):
            return None
        name = self._yaml.text(node, "name")
        if name is None:
            return None
        if name.value in ("base", "root"):
            hint = "choose a name of its own for the environment"
            self._yaml.problem(node, f"name: {name.value} is conda's own environment", hint)
        elif _FORBIDDEN_IN_NAME.search(name.value):
            hint = "write it without `/`, ` `, `:` and `#`"
            self._yaml.problem(node, f"{name.value!r} can't be an environment's name", hint)
        return name

    def _platforms(self, node: yaml.Node, what: str) -> tuple[str, ...]:
        found = self._yaml.texts(node, what)
        for text in found:
            self._platform(text)
        return _ordered(text.value for text in found)

    def _platform(self, text: Text) -> None:
        if text.value == "noarch":
            hint = "noarch packages come with every platform: write the platforms themselves"
            self._yaml.problem(text.at, "'noarch' is no platform to solve for", hint)
        elif text.value not in SUBDIRS:
            hint = did_you_mean(text.value, SUBDIRS, f"known: {', '.join(SUBDIRS)}")
            self._yaml.problem(text.at, f"unknown platform {text.value!r}", hint)

    def _multiplat(self, node: yaml.Node, head: _Head) -> None:
        keys = self._known(node, "multiplat", MULTIPLAT)
        if found := keys.get("virtual-packages"):
            head.promises = self._promises(found[1])
        if found := keys.get("prefer"):
            head.prefer = self._yaml.texts(found[1], "prefer")
        if found := keys.get("environments"):
            for key, child in self._yaml.mapping(found[1], "environments").values():
                head.environments[key.value] = self._environment(key, child)

    def _known(
        self, node: yaml.Node, what: str, known: tuple[str, ...]
    ) -> dict[str, tuple[Text, yaml.Node]]:
        """The mapping ``node``, each key that is not ``known`` being a problem."""
        found = self._yaml.mapping(node, what)
        for name, (key, _) in found.items():
            if name not in known:
                hint = did_you_mean(name, known, f"known: {', '.join(known)}")
                self._yaml.problem(key.at, f"unknown key {name!r} in {what}", hint)
        return found

    def _environment(self, key: Text, node: yaml.Node) -> Environment:
        what = f"environment {key.value!r}"
        if key.value == DEFAULT_ENVIRONMENT:
            hint = "its dependencies are the top-level ones"
            self._yaml.problem(key.at, "environment 'default' is always there", hint)
        elif not _ENVIRONMENT_NAME.match(key.value):
            hint = "it names a file: write letters, digits, `-`, `_` and `.`"
            self._yaml.problem(key.at, f"{key.value!r} can't be an environment's name", hint)
        keys = self._known(node, what, ENVIRONMENT)
        extends: tuple[str, ...] = (DEFAULT_ENVIRONMENT,)
        if found := keys.get("extends"):
            extends = tuple(text.value for text in self._yaml.texts(found[1], "extends"))
        platforms = (
            self._platforms(keys["platforms"][1], "platforms") if "platforms" in keys else ()
        )
        promises = self._promises(keys["virtual-packages"][1]) if "virtual-packages" in keys else {}
        return Environment(key.value, key.at, extends, platforms, promises)

    def _promises(self, node: yaml.Node) -> dict[str, dict[str, str | None]]:
        known = (*SUBDIRS, *FAMILIES)
        promises: dict[str, dict[str, str | None]] = {}
        for name, (key, child) in self._yaml.mapping(node, "virtual-packages").items():
            if name not in known:
                hint = did_you_mean(name, known, "write a platform, or linux, osx, win or unix")
                self._yaml.problem(key.at, f"unknown platform or family {name!r}", hint)
            promises[name] = self._promises_of(name, child)
        return promises

    def _promises_of(self, platform: str, node: yaml.Node) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for name, (key, child) in self._yaml.mapping(node, platform).items():
            text = None if is_null(child) else self._yaml.text(child, f"{platform}'s {name}")
            value = text.value if text else None
            if problem := promise_problem(platform, name, value):
                self._yaml.problem(key.at, *problem)
            found[name] = value
        return found

    # -- what holds on one platform

    def lines(self, subdir: str) -> _Lines:
        text = self._source.text
        if self._comment_line:
            text, problems = filter_lines(text, subdir, self._source.file)
            self.problems.update(problems)
        root = self._compose(text)
        lines = _Lines()
        if not isinstance(root, yaml.MappingNode):
            return lines
        keys = self._yaml.mapping(root, "the file")
        category = "main"
        if "category" in keys and (text_ := self._yaml.text(keys["category"][1], "category")):
            category = text_.value
        lines.views[DEFAULT_ENVIRONMENT] = self._view(keys, subdir, category)
        if found := keys.get("variables"):
            lines.variables = self._variables(found[1])
        if found := keys.get("multiplat"):
            self._environment_views(found[1], subdir, lines)
        return lines

    def _environment_views(self, node: yaml.Node, subdir: str, lines: _Lines) -> None:
        keys = self._yaml.mapping(node, "multiplat")
        if found := keys.get("environments"):
            for name, (_, child) in self._yaml.mapping(found[1], "environments").items():
                what = f"environment {name!r}"
                lines.views[name] = self._view(self._yaml.mapping(child, what), subdir, "main")

    def _view(self, keys: dict[str, tuple[Text, yaml.Node]], subdir: str, category: str) -> View:
        conda: list[Requirement] = []
        pypi: list[Requirement] = []
        if found := keys.get("dependencies"):
            for item in self._yaml.items(found[1], "dependencies"):
                self._dependency(item, subdir, category, conda, pypi)
        channels = self._yaml.texts(keys["channels"][1], "channels") if "channels" in keys else ()
        return View(channels, tuple(conda), tuple(pypi))

    def _dependency(
        self,
        item: yaml.Node,
        subdir: str,
        category: str,
        conda: list[Requirement],
        pypi: list[Requirement],
    ) -> None:
        if not isinstance(item, yaml.MappingNode):
            conda.extend(self._spec(item, category))
            return
        for key, (text, value) in self._yaml.mapping(item, "dependencies").items():
            if key == "pip":
                for entry in self._yaml.items(value, "pip"):
                    pypi.extend(self._pip(entry, category))
            elif self._selected(text, subdir):
                conda.extend(self._spec(value, category))

    def _selected(self, key: Text, subdir: str) -> bool:
        try:
            holds = dict_selector(key.value, subdir)
        except SelectorError as error:
            self._yaml.problem(key.at, str(error), error.hint)
            return False
        if holds is None:
            hint = "write `- pip:` with a list, or `- sel(linux): SPEC`; quote a spec that has `: `"
            self._yaml.problem(key.at, f"unknown section {key.value!r} in dependencies", hint)
            return False
        if self._comment_line:
            self._yaml.problem(
                key.at,
                f"{key.value} here, a comment selector in line {self._comment_line}",
                "use one kind of selector in a file: `# [linux]` or `sel(linux): SPEC`",
            )
        return holds

    def _spec(self, node: yaml.Node, category: str) -> Iterable[Requirement]:
        text = self._yaml.text(node, "a dependency")
        if text is None:
            return
        spec = " ".join(text.value.split())
        wrong = None if spec_name(spec) and is_string(node) else "it has no package name"
        wrong = wrong or self._check_spec(spec)
        if wrong:
            hint = "for example `python 3.12.*`, `numpy>=1.26,<2.3` or `conda-forge::scipy`"
            self._yaml.problem(node, f"not a MatchSpec: {text.value!r} ({wrong})", hint)
        yield Requirement(spec, spec_name(spec), text.at, category)

    def _pip(self, node: yaml.Node, category: str) -> Iterable[Requirement]:
        text = self._yaml.text(node, "an entry of pip")
        if text is None:
            return
        try:
            yield Requirement(text.value, entry_name(text.value), text.at, category)
        except PipEntryError as error:
            self._yaml.problem(node, str(error), error.hint)

    def _variables(self, node: yaml.Node) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, (key, child) in self._yaml.mapping(node, "variables").items():
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                hint = "write letters, digits and `_`, no digit first"
                self._yaml.problem(key.at, f"{name!r} can't be an environment variable", hint)
            text = None if is_null(child) else self._yaml.text(child, f"variable {name}")
            found[name] = text.value if text else ""
        return found


def _combine_environments(
    heads: Sequence[_Head],
    lines: Sequence[dict[str, _Lines]],
    subdirs: Sequence[str],
    problems: set[Problem],
) -> dict[str, Environment]:
    """``default``, then the declared environments, each with its view of every platform."""
    declared: dict[str, Environment] = {}
    for head in heads:
        for name, environment in head.environments.items():
            if name in declared:
                message = f"environment {name!r} is declared in {declared[name].at} too"
                problems.add(Problem(environment.at, message, "declare it in one file"))
            declared[name] = environment
    promises: dict[str, dict[str, str | None]] = {}
    for head in heads:
        for platform, values in head.promises.items():
            promises.setdefault(platform, {}).update(values)
    default = Environment(DEFAULT_ENVIRONMENT, Location(""), promises=promises)
    combined: dict[str, Environment] = {}
    for name, environment in {DEFAULT_ENVIRONMENT: default, **declared}.items():
        views = {
            subdir: _combine_views(
                [each[subdir].views[name] for each in lines if name in each[subdir].views], problems
            )
            for subdir in subdirs
        }
        combined[name] = Environment(
            name,
            environment.at,
            environment.extends,
            environment.platforms,
            environment.promises,
            views,
        )
    return combined


def _combine_views(views: Sequence[View], problems: set[Problem]) -> View:
    channels: tuple[Text, ...] = ()
    conda: tuple[Requirement, ...] = ()
    pypi: tuple[Requirement, ...] = ()
    for view in views:
        channels = _combine_channels(channels, view.channels, problems)
        conda = _override(conda, view.conda)
        pypi = _override(pypi, view.pypi)
    return View(channels, conda, pypi)


def _override(
    earlier: tuple[Requirement, ...], later: tuple[Requirement, ...]
) -> tuple[Requirement, ...]:
    replaced = {each.name for each in later if each.name}
    return (*(each for each in earlier if each.name not in replaced), *later)


def _combine_channels(
    earlier: tuple[Text, ...], later: tuple[Text, ...], problems: set[Problem]
) -> tuple[Text, ...]:
    """The longer list, of which the shorter must be the end: else their order is not known."""
    if not earlier or not later:
        return earlier or later
    longer, shorter = (earlier, later) if len(earlier) >= len(later) else (later, earlier)
    end = [text.value for text in longer[-len(shorter) :]]
    if end != [text.value for text in shorter]:
        other = ", ".join(text.value for text in earlier)
        problems.add(
            Problem(
                later[0].at,
                f"these channels and those of {earlier[0].at} ({other}) have no common order",
                "write the same list in both files, or the end of the other's",
            )
        )
    return longer


def _relations(environments: dict[str, Environment], heads: Sequence[_Head]) -> set[Problem]:
    """What is wrong between environments: unknown names and circles."""
    problems: set[Problem] = set()
    for environment in environments.values():
        for parent in environment.extends:
            if parent not in environments:
                problems.add(_unknown(parent, environment.at, "extends", environments))
        if _extends_itself(environment.name, environments):
            message = f"environment {environment.name!r} extends itself"
            problems.add(Problem(environment.at, message, "break the circle of `extends`"))
    for head in heads:
        for text in head.prefer:
            if text.value not in environments:
                problems.add(_unknown(text.value, text.at, "prefer", environments))
    return problems


def _unknown(name: str, at: Location, key: str, known: Iterable[str]) -> Problem:
    near = nearest(name, known)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
    return Problem(at, f"unknown environment {name!r} in {key}", hint)


def _extends_itself(name: str, environments: dict[str, Environment]) -> bool:
    seen: set[str] = set()
    todo = list(environments[name].extends)
    while todo:
        each = todo.pop()
        if each == name:
            return True
        if each in environments and each not in seen:
            seen.add(each)
            todo.extend(environments[each].extends)
    return False


def _ordered(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _merge(maps: Iterable[dict[str, str]]) -> dict[str, str]:
    return {key: value for each in maps for key, value in each.items()}
