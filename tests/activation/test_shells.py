"""The shells' scripts, sourced in real shells: what they leave must be what ``activated`` says."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support.powershell_text import faults, strings

from conda_multiplat.activation.model import Activation, activated, activation
from conda_multiplat.activation.shells import SHELLS, cmd, powershell, shell_of_program
from conda_multiplat.vocabulary.errors import UsageError

#: What shells change by themselves, from command to command.
_SHELLS_OWN = ("_", "SHLVL", "PWD", "OLDPWD", "CMD_DURATION_MS", "LAST_EXIT_CODE")
#: How the state is kept that deactivation needs.
_STATE = ("__CONDA_SHLVL_", "__MULTIPLAT")
_PIECES = (
    *("a", "B c", " ", "'", '"', "''", "\n", "\t", "\\", "\\n", "\\'", "$HOME", "${x}", "$(id)"),
    *("`id`", "!", "!!", "\\!", ";", "&&", "|", "<", ">", "(", ")", "[", "]", "{a,b}", "*", "?"),
    *("~", "#", "%", "%PATH%", "^", "=", "-n", "@PREFIX@", "é", "日本", "😀", "\u2019", "\x01"),
)
#: What some shell expands at a word's beginning, or mistakes at its end.
_WORDS = (
    "=ls",
    "=%",
    "~",
    "~root/x:~",
    "-n",
    "#x",
    "!x",
    "x\\",
    "x'",
    "\n",
    "x\n",
    " x ",
    "@(x)",
    "",
)


@dataclass(frozen=True)
class Program:
    """How to run a file in a shell, with none of the user's own files.

    Attributes:
        name: for test ids.
        kind: whose hook it sources.
        command: what comes before the file's name.
        source: how it is told to source one.
    """

    name: str
    kind: str
    command: Sequence[str]
    source: str = "source"


PROGRAMS = [
    Program("bash", "bash", ("bash", "--norc", "-eu")),
    Program("zsh", "zsh", ("zsh", "-f", "-eu")),
    Program("dash", "bash", ("dash", "-eu"), "."),
    Program("fish", "fish", ("fish", "--no-config")),
    Program("tcsh", "tcsh", ("tcsh", "-f")),
    Program("xonsh", "xonsh", ("xonsh", "--no-rc")),
    Program("nu", "nu", ("nu", "--no-config-file")),
    Program("pwsh", "powershell", ("pwsh", "-NoProfile", "-File"), "."),
]


@pytest.fixture(params=PROGRAMS, ids=lambda program: program.name)
def program(request: pytest.FixtureRequest) -> Program:
    """Each shell that is installed."""
    chosen: Program = request.param
    if shutil.which(chosen.command[0]) is None:
        pytest.skip(f"{chosen.name} is not installed")
    return chosen


class Session:
    """Lines of one run of a shell, with its variables looked at in between."""

    def __init__(self, program: Program, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._lines: list[str] = []
        self._looks = 0
        self._suffix = ".xsh" if program.kind == "xonsh" else SHELLS[program.kind].suffix
        (folder / "look.sh").write_text('env -0 > "$1"\n', encoding="utf-8")

    def line(self, text: str) -> None:
        """A line of the shell's own."""
        self._lines.append(text)

    def source(self, active: Activation) -> None:
        """Have the hook sourced."""
        kind = SHELLS[self._program.kind]
        path = self._folder / f"hook{len(self._lines)}{self._suffix}"
        path.write_bytes(kind.hook(active).encode("utf-8", "surrogateescape"))
        self._lines.append(f"{self._program.source} {path}")

    def deactivate(self) -> None:
        """Have the environment deactivated."""
        self._lines.append("multiplat_deactivate")

    def look(self) -> None:
        """Keep the current variables."""
        self._lines.append(f"sh {self._folder / 'look.sh'} {self._folder / f'{self._looks}.env'}")
        self._looks += 1

    def run(self, environ: Mapping[str, str]) -> list[dict[str, str]]:
        """Run the lines, and say what was looked at."""
        name, *options = self._program.command
        file = self._folder / f"main{self._suffix}"
        file.write_text("\n".join([*self._lines, ""]), encoding="utf-8")
        done = subprocess.run(
            [shutil.which(name) or name, *options, file],
            env={**environ, "HOME": str(self._folder), "PYTHONWARNINGS": "ignore"},
            cwd=self._folder,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert (done.returncode, done.stderr.decode()) == (0, "")
        return [self._seen(number) for number in range(self._looks)]

    def _seen(self, number: int) -> dict[str, str]:
        data = (self._folder / f"{number}.env").read_bytes().decode("utf-8", "surrogateescape")
        entries = dict(entry.split("=", 1) for entry in data.split("\0") if entry)
        return {key: value for key, value in entries.items() if key not in _SHELLS_OWN}


def _without_state(environ: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in environ.items() if not key.startswith(_STATE)}


def _environ(**more: str) -> dict[str, str]:
    folders = [Path(sys.executable).parent, *map(Path, ("/usr/local/bin", "/usr/bin", "/bin"))]
    return {"PATH": ":".join(map(str, folders)), "LANG": "C.UTF-8", **more}


def _hostile(random_: random.Random, *, path: bool = False) -> str:
    pieces = [piece for piece in _PIECES if not path or piece not in ("@PREFIX@", "\x01")]
    return "".join(random_.choices(pieces, k=random_.randint(0, 6)))


def _generated(seed: int) -> Activation:
    """An environment with a hostile folder and hostile values."""
    random_ = random.Random(seed)
    prefix = f"/nowhere/{_hostile(random_, path=True)}e"
    asked = {f"V_{number}": _hostile(random_) for number in range(8)}
    gone = {"GONE": None, "NEVER": None, "EMPTY_GOES": None}
    return activation(prefix, prefix, prompt=f"({prefix}) ", requested=[asked, gone])


def test_any_path_and_value(program: Program, tmp_path: Path) -> None:
    """Whatever is in them arrives as it is; sourced twice is once; deactivation restores all.

    Variables that were set, empty or not set before are so again.
    """
    words = {f"V_{number}": word for number, word in enumerate(_WORDS)}
    first = activation("/nowhere/=ls", "=ls", prompt="(=ls) ", requested=[words])
    cases = [first, *(_generated(seed) for seed in range(20))]
    if program.kind == "xonsh":  # it expands variables in PATH, whoever sets it
        cases = [case for case in cases if "$" not in case.prefix]
    before = _environ(V_0="old $x `y` 'z' \"!\n\\", V_1="", GONE="was here", EMPTY_GOES="")
    session = Session(program, tmp_path)
    session.look()
    for case in cases:
        for step in (lambda case=case: session.source(case),) * 2 + (session.deactivate,):
            step()
            session.look()
    start, *environs = session.run(before)
    for number, case in enumerate(cases):
        once, twice, left = environs[3 * number : 3 * number + 3]
        assert _without_state(once) == activated(case, start)
        assert twice == once
        assert left == start


def _scripts(prefix: Path, suffix: str, line: str) -> None:
    """Scripts that add to ORDER: two of activation, one of deactivation."""
    for name in ("activate.d/~z", "activate.d/a", "deactivate.d/x"):
        path = prefix / "etc" / "conda" / f"{name}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        word = f"{prefix.name[-1]}.{path.stem}"
        path.write_text(line.format(word) + "\n", encoding="utf-8")


_ADD = {
    ".sh": 'export ORDER="${{ORDER:-}} {0} $UNSET_ANYWHERE"; false',
    ".fish": 'set -gx ORDER "$ORDER {0} "',
    ".csh": 'setenv ORDER "$ORDER {0} "',
    ".nu": '$env.ORDER = $"($env.ORDER) {0} "',
    ".ps1": '$Env:ORDER = "$Env:ORDER {0} "',
}


def test_scripts_run_and_another_comes_back(program: Program, tmp_path: Path) -> None:
    """An active environment of conda's is deactivated, with its scripts, and activated again.

    Scripts run in the order of their characters. One that fails, or reads what is not set, ends
    nothing, not even under ``set -eu``. nu and tcsh can't run the scripts of others.
    """
    kind = SHELLS[program.kind]
    base, ours = tmp_path / "ba'se b", tmp_path / ("it's o" if kind.name == "xonsh" else "$HOME o")
    for prefix in (base, ours):
        _scripts(prefix, kind.suffix, _ADD[kind.suffix])
    path = f"/first:{base}/bin:{_environ()['PATH']}"
    before = _environ(
        PATH=path,
        CONDA_PREFIX=str(base),
        CONDA_SHLVL="1",
        CONDA_DEFAULT_ENV="base",
        CONDA_PROMPT_MODIFIER="(base) ",
        ORDER="",
    )
    folder = ours / "etc" / "conda"
    case = activation(
        str(ours),
        "ours",
        prompt="(ours) ",
        requested=[{"V": "1"}],
        on=map(str, (folder / "activate.d").iterdir()),
        off=map(str, (folder / "deactivate.d").iterdir()),
    )
    session = Session(program, tmp_path)
    session.look()
    session.source(case)
    session.look()
    session.deactivate()
    session.look()
    start, inside, after = session.run(before)
    of_others = kind.name not in ("nu", "tcsh")
    assert inside["ORDER"].split() == [*(["b.x"] if of_others else []), "o.a", "o.~z"]
    assert inside["PATH"] == path.replace(str(base), str(ours))
    expected = activated(case, start)
    assert _without_state(inside) == {**expected, "ORDER": inside["ORDER"]}
    assert expected["CONDA_SHLVL"] == "2"
    assert expected["CONDA_PREFIX_1"] == str(base)
    came = [*(["b.a", "b.~z"] if of_others else [])]
    assert after["ORDER"].split() == [*inside["ORDER"].split(), "o.x", *came]
    assert after == {**start, "ORDER": after["ORDER"]}


@pytest.mark.parametrize(
    ("shell", "options"),
    [
        ("bash", "set -f; shopt -s failglob"),
        ("bash", "shopt -s nullglob"),
        ("dash", "set -f"),
        ("zsh", "setopt noglob"),
        ("zsh", "emulate sh"),
    ],
)
def test_whatever_patterns_mean(shell: str, options: str, tmp_path: Path) -> None:
    """Scripts are found, and their absence ends nothing, whatever the shell does with patterns."""
    (program,) = (candidate for candidate in PROGRAMS if candidate.name == shell)
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    full, bare = tmp_path / "full", tmp_path / "bare"
    _scripts(full, ".sh", _ADD[".sh"])
    session = Session(program, tmp_path)
    session.line(options)
    for prefix in (full, bare):
        session.source(activation(str(prefix), prefix.name, prompt="", requested=[]))
        session.look()
        session.deactivate()
        session.look()
    environs = session.run(_environ(ORDER=""))
    orders = [environ["ORDER"].split() for environ in environs]
    assert orders == [["l.a", "l.~z"], *[["l.a", "l.~z", "l.x"]] * 3]


def test_one_on_top_of_another(program: Program, tmp_path: Path) -> None:
    """Two of ours are deactivated one after the other; tcsh can have only one."""
    first = activation("/nowhere/one", "one", requested=[{"V": "1", "W": "1"}])
    second = activation("/nowhere/two", "two", requested=[{"V": "2", "X": "2"}])
    session = Session(program, tmp_path)
    session.look()
    for step in (lambda: session.source(first), lambda: session.source(second)):
        step()
        session.look()
    session.deactivate()
    session.look()
    one_only = program.kind == "tcsh"
    if not one_only:
        session.deactivate()
        session.look()
    start, one, two, *back = session.run(_environ(V="0"))
    assert _without_state(one) == activated(first, start)
    assert _without_state(two) == activated(second, start if one_only else _without_state(one))
    assert back == [start] if one_only else [one, start]


def test_programs_are_known_by_many_names() -> None:
    """Login shells, paths, Windows' file names and other readers of the same language."""
    known = {
        "/bin/bash": "bash",
        "-zsh": "zsh",
        "dash": "bash",
        "C:\\Windows\\System32\\cmd.exe": "cmd",
        "pwsh.EXE": "powershell",
        "csh": "tcsh",
        "/usr/bin/python3": None,
    }
    assert {name: shell_of_program(name) for name in known} == known


def test_cmd_escapes_by_carets() -> None:
    """No value ends a ``set`` of cmd early; one of several lines is refused."""
    hook = cmd.hook(activation("C:\\e", "e", windows=True, requested=[{"V": 'a"&calc %PATH% ^!'}]))
    assert '\r\n@set V=a^"^&calc %%PATH%% ^^^!\r\n' in hook
    with pytest.raises(UsageError, match="several lines"):
        cmd.hook(activation("C:\\e", "e", windows=True, requested=[{"V": "a\nb"}]))


def test_powershell_doubles_every_quote() -> None:
    """PowerShell ends a string at typographic quotes too."""
    assert (
        powershell.quote("it's \u2018so\u2019 $x `n") == "'it''s \u2018\u2018so\u2019\u2019 $x `n'"
    )


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("windows", [False, True])
def test_powershell_text(seed: int, windows: bool) -> None:  # a parameter
    """PowerShell's grammar accepts a hook, and every value in it is a string."""
    case = replace(_generated(seed), windows=windows)
    hook = powershell.hook(case)
    assert faults(hook) == []
    assert {case.prefix, case.prompt, *case.variables.values()} <= set(strings(hook))


@pytest.mark.parametrize(
    "text",
    [
        *("if ($a) { 'b'", "$a = 'it's'", "'it\u2019s'", "if $a { }", "'a' }", 'f "$(g"'),
        "switch ($a) { 'b' { 'c' ",
    ],
)
def test_powershell_faults(text: str) -> None:
    """The grammar that hooks and completion are read with refuses what is no PowerShell."""
    assert faults(text)
    assert faults("if ($a) { 'it''s \u2018\u2018so\u2019\u2019' }") == []


def test_every_shell_has_a_windows_form_or_says_so() -> None:
    """What is made for Windows names all of conda's folders."""
    case = activation("C:\\envs\\e", "e", windows=True)
    for shell in SHELLS.values():
        if shell.everywhere:
            assert "mingw-w64" in shell.hook(case)
