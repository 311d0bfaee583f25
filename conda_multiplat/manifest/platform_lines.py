"""The part of a manifest that depends on the platform: dependencies, channels and variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import yaml

from conda_multiplat.manifest.model import Requirement, View
from conda_multiplat.vocabulary.errors import WordingError
from conda_multiplat.vocabulary.names import DEFAULT_ENVIRONMENT, on_one_line, spec_name
from conda_multiplat.vocabulary.selectors import SelectorError, dict_selector
from conda_multiplat.vocabulary.yaml_nodes import Reader, Text, is_null, is_string

#: Returns the project that an entry of ``pip:`` names, or raises a :class:`WordingError`.
EntryName = Callable[[str], str]

#: Returns what is wrong with a MatchSpec, or ``None``: the conda engine's parser.
SpecCheck = Callable[[str], str | None]


class Lines:
    """The content of one file for one platform: the view of each environment, and the variables."""

    def __init__(self) -> None:
        self.views: dict[str, View] = {}
        self.variables: dict[str, str] = {}


class LineReader:
    """Reads a file for one platform.

    Args:
        reader: collects problems.
        subdir: the platform.
        check_spec: checks a MatchSpec.
        entry_name: reads an entry of ``pip:``.
        comment_line: the line of the file's first comment selector, 0 if it has none; if it has
            one, dictionary selectors are not allowed (CEP 24).
    """

    def __init__(
        self,
        reader: Reader,
        subdir: str,
        *,
        check_spec: SpecCheck,
        entry_name: EntryName,
        comment_line: int,
    ) -> None:
        self._reader = reader
        self._subdir = subdir
        self._check_spec = check_spec
        self._entry_name = entry_name
        self._comment_line = comment_line

    def read(self, root: yaml.Node | None) -> Lines:
        """Read the document for the platform, including the lines of its environments."""
        lines = Lines()
        if not isinstance(root, yaml.MappingNode):
            return lines
        keys = self._reader.mapping(root, "the file")
        lines.views[DEFAULT_ENVIRONMENT] = self._view(keys, self._category(keys))
        if variables := keys.get("variables"):
            lines.variables = self._variables(variables[1])
        if table := keys.get("multiplat"):
            multiplat = self._reader.mapping(table[1], "multiplat")
            if environments := multiplat.get("environments"):
                self._environments(environments[1], lines)
        return lines

    def _category(self, keys: dict[str, tuple[Text, yaml.Node]]) -> str:
        category = keys.get("category")
        text = self._reader.text(category[1], "category") if category else None
        return text.value if text else "main"

    def _environments(self, node: yaml.Node, lines: Lines) -> None:
        for name, (_, child) in self._reader.mapping(node, "environments").items():
            keys = self._reader.mapping(child, f"environment {name!r}")
            lines.views[name] = self._view(keys, "main")

    def _view(self, keys: dict[str, tuple[Text, yaml.Node]], category: str) -> View:
        conda: list[Requirement] = []
        pypi: list[Requirement] = []
        if dependencies := keys.get("dependencies"):
            for item in self._reader.items(dependencies[1], "dependencies"):
                self._dependency(item, category, conda, pypi)
        channels = self._reader.texts(keys["channels"][1], "channels") if "channels" in keys else ()
        return View(channels, tuple(conda), tuple(pypi))

    def _dependency(
        self,
        item: yaml.Node,
        category: str,
        conda: list[Requirement],
        pypi: list[Requirement],
    ) -> None:
        if not isinstance(item, yaml.MappingNode):
            conda.extend(self._spec(item, category))
            return
        for key, (text, value) in self._reader.mapping(item, "dependencies").items():
            if key == "pip":
                for entry in self._reader.items(value, "pip"):
                    pypi.extend(self._pip(entry, category))
            elif self._selected(text):
                conda.extend(self._spec(value, category))

    def _selected(self, key: Text) -> bool:
        try:
            holds = dict_selector(key.value, self._subdir)
        except SelectorError as error:
            self._reader.problem(key.at, str(error), error.hint)
            return False
        if holds is None:
            hint = "write `- pip:` with a list, or `- sel(linux): SPEC`; quote a spec that has `: `"
            self._reader.problem(key.at, f"unknown section {key.value!r} in dependencies", hint)
            return False
        if self._comment_line:
            self._reader.problem(
                key.at,
                f"{key.value} is used here, but line {self._comment_line} has a comment selector",
                "use one kind of selector in a file: `# [linux]` or `sel(linux): SPEC`",
            )
        return holds

    def _spec(self, node: yaml.Node, category: str) -> Iterable[Requirement]:
        text = self._reader.text(node, "a dependency")
        if text is None:
            return
        spec = " ".join(text.value.split())
        wrong = None if spec_name(spec) else "it has no package name"
        wrong = wrong if is_string(node) else "YAML does not read it as text"
        wrong = wrong or self._check_spec(on_one_line(text.value))
        if wrong:
            hint = "for example `python 3.12.*`, `numpy>=1.26,<2.3` or `conda-forge::scipy`"
            self._reader.problem(node, f"not a MatchSpec: {text.value!r} ({wrong})", hint)
        yield Requirement(spec, spec_name(spec), text.at, category)

    def _pip(self, node: yaml.Node, category: str) -> Iterable[Requirement]:
        text = self._reader.text(node, "an entry of pip")
        if text is None:
            return
        try:
            yield Requirement(text.value, self._entry_name(text.value), text.at, category)
        except WordingError as error:
            self._reader.problem(node, str(error), error.hint)

    def _variables(self, node: yaml.Node) -> dict[str, str]:
        variables: dict[str, str] = {}
        for name, (key, child) in self._reader.mapping(node, "variables").items():
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                hint = "write letters, digits and `_`; the first can't be a digit"
                self._reader.problem(key.at, f"{name!r} can't be an environment variable", hint)
            text = None if is_null(child) else self._reader.text(child, f"variable {name}")
            variables[name] = text.value if text else ""
        return variables
