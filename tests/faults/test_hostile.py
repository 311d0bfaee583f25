"""Files that somebody has made to break who reads them: each is refused by its place.

Deep, endless, of another encoding, of another kind than belongs there. ``test_mutations`` has what
nobody has thought of.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hostile import Grounds, put
from support.hosts import standalone
from support.mutations import DEEP, LONG

pytestmark = pytest.mark.faults

#: Nine levels of nine aliases each: some hundred bytes that are billions of values.
_LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)
_HEAD = "channels: [x]\nplatforms: [linux-64]\n"
_LOCK = (
    "version: 1\n"
    "metadata:\n"
    "  content_hash: {linux-64: a}\n"
    "  channels: [{url: x, used_env_vars: []}]\n"
    "  platforms: [linux-64]\n"
    "  sources: [environment.yml]\n"
    "package:\n"
    "- {name: a, version: '1', manager: conda, platform: linux-64, dependencies: {}, url: u,\n"
    "   hash: {md5: a}}\n"
)
_ENVIRONMENTS = f"{_HEAD}dependencies: []\nmultiplat:\n  environments:\n"
#: More environments than anybody has.
_MANY = 3000

_MANIFESTS = {
    "aliases": (_LAUGHS, "7:4: its aliases would make it endless"),
    "recursive": ("dependencies: &a [*a]\n", "1:15: it contains itself"),
    "recursive-mapping": ("a: &a\n  b: *a\n", "1:4: it contains itself"),
    "deep-list": (f"{_HEAD}dependencies: {'[' * 900}{']' * 900}\n", "3:65: nested too deeply"),
    "deeper-list": ("[" * DEEP, "1:1001: not YAML: "),
    "deep-block": ("- " * 900 + "a\n", "1:103: nested too deeply"),
    "deep-mapping": ("".join(f"{' ' * n}a:\n" for n in range(900)), "52:52: nested too deeply"),
    "twice": (f"{_HEAD}name: a\nname: b\n", "4:1: 'name' appears twice in the file"),
    "nul": ("name: a\n\0", "2: not YAML: control characters are not allowed"),
    "not-utf-8": (b"name: \xff\n", "not UTF-8: invalid start byte at byte 6"),
    "utf-16": ("name: a\n".encode("utf-16"), "UTF-16, not UTF-8"),
    "half-a-character": (
        f'{_HEAD}dependencies: ["\\ud800"]\n',
        "3:19: not YAML: 'dependencies: [\"\\\\ud800\"]'",
    ),
    "digits": (f"name: {'1' * LONG}\nchannels: 3\n", "2:11: channels is a value '3'"),
    "tag": (
        f"{_HEAD}dependencies: [!!python/object:os.system x]\n",
        "3:16: not a MatchSpec: 'x' (YAML does not read it as text)",
    ),
    "date": (
        f"{_HEAD}dependencies: [2024-02-31]\n",
        "3:16: not a MatchSpec: '2024-02-31' (YAML does not read it as text)",
    ),
    "null": (f"{_HEAD}dependencies: [null]\n", "3:16: a dependency is empty"),
    "nothing": ("null\n", "1:1: the file is not a mapping"),
    "selector-parentheses": (
        f"{_HEAD}dependencies:\n  - a  # [{'(' * LONG}linux{')' * LONG}]\n",
        f"4:10: selector [{'(' * 40}…] has more than 500 characters",
    ),
    "selector-not": (
        f"{_HEAD}dependencies:\n  - a  # [{'not ' * 120}linux]\n",
        "",  # as deep as it may be
    ),
    "selector-deeper": (
        f"{_HEAD}dependencies:\n  - a  # [{'not ' * LONG}linux]\n",
        f"4:10: selector [{'not ' * 10}…] has more than 500 characters",
    ),
    "spec-parentheses": (
        f"{_HEAD}dependencies:\n  - a[version='{'(' * DEEP}1{')' * DEEP}']\n",
        "4:5: not a MatchSpec: ",
    ),
    "extends": (
        _ENVIRONMENTS
        + "".join(f"    e{n}: {{extends: [e{n + 1}]}}\n" for n in range(_MANY))
        + f"    e{_MANY}: {{}}\n",
        "6:5: environment 'e0' extends more than 100 others",
    ),
    "extends-in-a-circle": (
        _ENVIRONMENTS
        + "".join(f"    e{n}: {{extends: [e{(n + 1) % _MANY}]}}\n" for n in range(_MANY)),
        "6:5: environment 'e0' extends more than 100 others",
    ),
    "extends-two-each": (
        f"{_ENVIRONMENTS}    a0: {{}}\n    b0: {{}}\n"
        + "".join(
            f"    {x}{n}: {{extends: [a{n - 1}, b{n - 1}]}}\n" for n in range(1, 40) for x in "ab"
        ),
        "",  # 2 to the power of 40 ways up, and 78 environments
    ),
    "solve-group": (
        _ENVIRONMENTS + "".join(f"    e{n}: {{solve-group: g}}\n" for n in range(_MANY)),
        "106:5: solve-group 'g' has more than 100 environments",
    ),
}
_LOCKS = {
    "aliases": (_LOCK + _LAUGHS, "its aliases would make it endless"),
    "recursive": (
        _LOCK.replace("  sources:", "  x: &a [*a]\n  sources:"),
        "6: it contains itself",
    ),
    "deep": ("[" * DEEP, "not YAML: "),
    "deep-package": (f"{_LOCK}{'[' * DEEP}", "not YAML: "),
    "number-for-list": (
        _LOCK.replace("[environment.yml]", "3"),
        "6:12: sources is text, not a list",
    ),
    "list-for-text": (_LOCK.replace("url: u", "url: [u]"), "8:86: url is a list, not text"),
    "no-version": (_LOCK.replace("version: '1', ", ""), "8:3: version is missing; it must be text"),
    "hash": (_LOCK.replace("{md5: a}", "[a]"), "9:10: hash is a list, not a mapping"),
    "hash-in-hash": (_LOCK.replace("{md5: a}", "{md5: {a: b}}"), "9:16: md5 is a mapping"),
    "manager": (_LOCK.replace("manager: conda", "manager: cargo"), "8:36: unknown manager 'cargo'"),
    "package": (f"{_LOCK}- text\n", "10:3: an entry of package is text, not a mapping"),
    "channel": (
        _LOCK.replace("[{url: x, used_env_vars: []}]", "[{url: {}}]"),
        "4:20: url is a mapping, not text",
    ),
    "recipe": (
        _LOCK.replace(
            "  sources:", f"  custom_metadata: {{multiplat.recipe: '{'9' * LONG}'}}\n  sources:"
        ),
        "not a CEP 37 lock: a number of thousands of digits",
    ),
    "requested": (
        _LOCK.replace(
            "  sources:", "  custom_metadata: {multiplat.requested.linux-64: '{}'}\n  sources:"
        ),
        "not a CEP 37 lock: {} is not a list of text",
    ),
    "needs": (
        _LOCK.replace(
            "  sources:",
            f"  custom_metadata: {{multiplat.needs.linux-64: '{'[' * DEEP}'}}\n  sources:",
        ),
        "not a CEP 37 lock: nested too deeply",
    ),
}
_CONDARCS = {
    "aliases": (_LAUGHS, "7: its aliases would make it endless"),
    "recursive": ("a: &a [*a]\n", "1: it contains itself"),
    "deep": ("[" * DEEP, "1: not YAML: exceeded maximum nesting depth"),
    "digits": (f"remote_max_retries: {'9' * LONG}\n", "not YAML: a number of thousands of digits"),
    "date": ("envs_dirs: 2024-02-31\n", "not YAML: day is out of range for month"),
    "tag": ("a: !!bool x\n", "not YAML: a value that can't be read: 'x'"),
    "text": ("text\n", "is not a mapping"),
    "list": ("channels: [[a]]\n", "channels is not a list of text"),
    "mapping": ("custom_channels: [a]\n", "custom_channels does not map text to text"),
    "number": ("custom_channels: {1: 2}\n", "custom_channels does not map text to text"),
    "group": ("custom_multichannels: {a: b}\n", "custom_multichannels does not map names"),
    "scalar": ("channel_alias: [a]\n", "channel_alias is not one value"),
    "settings": ("channel_settings: [a]\n", "channel_settings is not a list of mappings"),
    "infinite": ("remote_max_retries: .inf\n", "remote_max_retries: inf is not a whole number"),
}
_TOMLS = {
    "deep": ("a = " + "[" * DEEP, "nested too deeply"),
    "deep-key": (".".join(["a"] * 2000) + " = 1", "nested too deeply"),
    "digits": (f"a = {'1' * LONG}", "not TOML: a number of thousands of digits"),
    "nul": ("\0", "1:1: not TOML: Invalid statement"),
    "utf-16": ("[workspace]\n".encode("utf-16"), "UTF-16, not UTF-8"),
    "number": ("workspace = 1\n", "1: workspace is a number or a date, not a table"),
    "date": ("a = 2024-02-31\n", "1:5: not TOML: Invalid date or datetime"),
}
_JSONS = {
    "deep": ("[" * DEEP, "nested too deeply"),
    "digits": (
        '{"env_vars": {"A": ' + "1" * LONG + "}}",
        "not JSON: a number of thousands of digits",
    ),
    "half-a-character": ('{"env_vars": {"A": "\\ud800"}}', "not JSON: "),
    "cut": ('{"env_vars": ', "1:14: not JSON: Expecting value"),
    "list": ("[]", "does not map variables to values"),
}


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    """The project that all files are of."""
    folder = tmp_path_factory.mktemp("grounds")
    place = Grounds(standalone(folder / "home"), folder)
    yield place
    place.close()


def _says(grounds: Grounds, path: Path, content: str | bytes, words: str, *command: str) -> None:
    """Whether a command refuses a file; with no ``words`` it has to take it."""
    put(path, content.encode() if isinstance(content, str) else content)
    ended = grounds.require(*command)
    grounds.tree.restore()
    assert words in ended.stderr, ended
    assert len(ended.stderr) < 4000
    assert (ended.code > 1) is bool(words), ended


@pytest.mark.parametrize("name", _MANIFESTS)
def test_manifest(grounds: Grounds, name: str) -> None:
    """For ``check``, which reads it first of all, and for who writes it."""
    content, words = _MANIFESTS[name]
    path = grounds.place("project/environment.yml")
    _says(grounds, path, content, words, "check")
    _says(grounds, path, content, words, "add", "--no-lock", "zlib")
    if words:
        _says(grounds, path, content, words, "hook-check", "environment.yml")
        _says(grounds, path, content, "error: ", "import", "environment.yml", "-o", "out.yml")


@pytest.mark.parametrize("name", _LOCKS)
def test_lock(grounds: Grounds, name: str) -> None:
    """For who compares it, installs it and makes the next one of it."""
    content, words = _LOCKS[name]
    path = grounds.place("project/conda-lock.yml")
    for command in (["check"], ["lock"], ["install", "-e", "default"], ["list"]):
        _says(grounds, path, content, words, *command)


@pytest.mark.parametrize("name", _CONDARCS)
def test_condarc(grounds: Grounds, name: str) -> None:
    """Conda's configuration, where no conda is there to say it."""
    _says(grounds, grounds.place("home/.condarc"), *_CONDARCS[name], "info")


@pytest.mark.parametrize("name", _TOMLS)
def test_pixi(grounds: Grounds, name: str) -> None:
    """Pixi's manifest."""
    path = grounds.place("project/pixi.toml")
    _says(grounds, path, *_TOMLS[name], "import", "pixi.toml", "-o", "out.yml")


@pytest.mark.parametrize("name", _JSONS)
def test_state(grounds: Grounds, name: str) -> None:
    """What an environment's activation sets; a package can bring such a file."""
    command = ("shell-hook", "--no-install", "--shell", "bash")
    folder = grounds.prefix / "etc" / "conda" / "env_vars.d"
    folder.mkdir(parents=True, exist_ok=True)
    _says(grounds, grounds.place("prefix/conda-meta/state"), *_JSONS[name], *command)
    _says(grounds, folder / "a.json", *_JSONS[name], *command)


def test_chain_of_packages(grounds: Grounds) -> None:
    """Thousands of packages of which each needs the next: for all that walks along them."""
    count = 3000
    packages = "".join(
        f"- {{name: p{n}, version: '1', manager: conda, platform: linux-64, "
        f"dependencies: {{p{n + 1}: ''}}, url: 'https://example.com/linux-64/p{n}-1-0.conda', "
        f"hash: {{md5: {'0' * 32}}}}}\n"
        for n in range(count)
    )
    path = grounds.place("project/conda-lock.yml")
    content = f"{_LOCK.partition('package:')[0]}package:\n{packages}".encode()
    for command in ("list", "tree", f"tree --invert p{count - 1}", "check", "why p9"):
        put(path, content)
        ended = grounds.require(*command.split())
        assert ended.code < 2, ended
        grounds.tree.restore()
