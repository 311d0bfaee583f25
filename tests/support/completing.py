"""What real shells offer when a user presses TAB."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.patience import PATIENCE

_BASH = r"""source "$1"
complete -p "${2%% *}" >/dev/null || exit 9
read -ra COMP_WORDS <<< "$2"
[[ $2 == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
function=$(complete -p "${COMP_WORDS[0]}" | sed 's/.*-F \([^ ]*\) .*/\1/')
"$function"
printf '%s\n' "${COMPREPLY[@]}"
"""
_ESCAPE = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|[()=>].?)|[\x00-\x08\x0e-\x1f]")


def shells() -> list[object]:
    """Each shell as a parameter; one that is not installed is skipped."""
    return [
        pytest.param(shell, marks=()) if shutil.which(shell) else _missing(shell)
        for shell in ("bash", "zsh", "fish", "pwsh")
    ]


def _missing(shell: str) -> object:
    return pytest.param(shell, marks=pytest.mark.skip(reason=f"{shell} is not installed"))


def offered(
    shell: str, script: Path, line: str, folder: Path, environ: Mapping[str, str]
) -> list[str]:
    """The words that ``shell`` offers at the end of ``line``, sorted."""
    ask = {"bash": _bash, "zsh": _zsh, "fish": _fish, "pwsh": _pwsh}[shell]
    return sorted(ask(script, line, folder, environ))


def _bash(script: Path, line: str, folder: Path, environ: Mapping[str, str]) -> list[str]:
    command = ["bash", "--norc", "--noprofile", "-c", _BASH, "bash", str(script), line]
    return _output(command, folder, environ).split()


def _fish(script: Path, line: str, folder: Path, environ: Mapping[str, str]) -> list[str]:
    code = f"source {shlex.quote(str(script))}; complete -C {shlex.quote(line)}"
    output = _output(["fish", "--no-config", "-c", code], folder, environ)
    return [line.partition("\t")[0] for line in output.splitlines()]


def _pwsh(script: Path, line: str, folder: Path, environ: Mapping[str, str]) -> list[str]:
    texts = [text.replace("'", "''") for text in (str(script), line)]
    code = (
        f". '{texts[0]}'; (TabExpansion2 '{texts[1]}' {len(line)}).CompletionMatches.CompletionText"
    )
    command = ["pwsh", "-NoProfile", "-NonInteractive", "-Command", code]
    return _output(command, folder, environ).split()


def _output(command: list[str], folder: Path, environ: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == "", done.stderr
    return done.stdout


def _zsh(script: Path, line: str, folder: Path, environ: Mapping[str, str]) -> list[str]:
    """Zsh completes only in its line editor: it is given a terminal."""
    setup = (
        "PS1='> '; unsetopt prompt_sp; autoload -Uz compinit; compinit -u -D; "
        f"source {shlex.quote(str(script))}; LISTMAX=100000; setopt no_always_last_prompt; "
        "bindkey '^I' list-choices; print REA''DY\n"
    )
    main, side = pty.openpty()
    environ = {**environ, "TERM": "dumb", "COLUMNS": "500", "LINES": "500"}
    with subprocess.Popen(
        ["zsh", "-f", "-i"], cwd=folder, env=environ, stdin=side, stdout=side, stderr=side
    ) as process:
        os.close(side)
        try:
            os.write(main, setup.encode())
            _read_until(main, "READY\n> ")
            os.write(main, f"{line}\t".encode())
            # The line is drawn again below the list.
            shown = _read_until(main, line.strip(), times=2)
        finally:
            process.kill()
            os.close(main)
    listed = shown.split("\n")[1:-1]
    return [word for row in listed for word in row.partition(" -- ")[0].split()]


def _read_until(terminal: int, text: str, times: int = 1) -> str:
    """Return what a terminal shows until ``text`` has appeared ``times`` times."""
    shown = ""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65536).decode("utf-8", "replace")
            plain = _ESCAPE.sub("", shown).replace("\r", "")
            if plain.count(text) >= times:
                return plain
    raise AssertionError(f"no {text!r} in {shown!r}")
