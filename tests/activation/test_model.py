"""Activation of an environment as a value, and reading it from a prefix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conda_multiplat.activation.model import (
    UNSET,
    activated,
    activation,
    environment_name,
    is_active,
    level,
    prompt_mark,
)
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.read_activation import read_activation
from conda_multiplat.vocabulary.errors import OutsideError, UsageError

HERE = Settings("linux-64")


def test_folders_are_condas() -> None:
    """On Unix one folder comes first in PATH, on Windows conda's six."""
    assert activation("/envs/a", "a").path == ("/envs/a/bin",)
    assert activation("C:\\envs\\a", "a", windows=True).path == (
        "C:\\envs\\a",
        "C:\\envs\\a\\Library\\mingw-w64\\bin",
        "C:\\envs\\a\\Library\\usr\\bin",
        "C:\\envs\\a\\Library\\bin",
        "C:\\envs\\a\\Scripts",
        "C:\\envs\\a\\bin",
    )


def test_stronger_variables_win() -> None:
    """Later mappings win; ``None`` unsets, and the mark of conda takes a weaker wish back."""
    packages = {"A": "1", "B": "1", "C": "1", "D": None}
    steps = activation("/a", "a", requested=[packages, {"A": 2, "B": UNSET, "C": None, "E": UNSET}])
    assert steps.variables == {"A": "2"}
    assert steps.unset == ("C", "D")
    assert steps.changed == ("C", "D", "A")
    assert steps.ignored == ()


def test_names_are_uppercased_as_conda_does() -> None:
    """``envvars_force_uppercase`` is on by default, and can be turned off."""
    asked = [{"lower": "1"}, {"Lower": "2"}]
    assert activation("/a", "a", requested=asked).variables == {"LOWER": "2"}
    kept = activation("/a", "a", requested=asked, uppercase=False).variables
    assert kept == {"lower": "1", "Lower": "2"}


def test_what_no_shell_can_set_is_ignored() -> None:
    """Invalid names, shells' and conda's own variables, and values with a NUL are reported."""
    asked = {"GOOD_1": "x", "1X": "x", "A-B": "x", "A;B": "x", "": "x", "Ä": "x", "PATH": "x"}
    steps = activation(
        "/a", "a", requested=[{**asked, "UID": "0", "CONDA_SHLVL": "7", "NUL": "a\0"}]
    )
    assert list(steps.variables) == ["GOOD_1"]
    assert steps.ignored == (*list(asked)[1:], "UID", "CONDA_SHLVL", "NUL")


def test_scripts_run_in_the_order_of_their_characters() -> None:
    """``~`` comes last, as packages count on; deactivation goes backwards; kinds are apart."""
    names = ["/s/~cuda.sh", "/s/b.fish", "/s/a.sh", "/s/B.sh"]
    steps = activation("/a", "a", on=names, off=names)
    assert steps.scripts_on(".sh") == ("/s/B.sh", "/s/a.sh", "/s/~cuda.sh")
    assert steps.scripts_off(".sh") == ("/s/~cuda.sh", "/s/a.sh", "/s/B.sh")
    assert steps.scripts_on(".fish") == ("/s/b.fish",)
    assert steps.scripts_on(".nu") == ()


def test_names_are_condas() -> None:
    """A folder below ``envs`` has its name, base is ``base``, and any other has its path."""
    assert environment_name("/root/envs/robot", is_base=False) == "robot"
    assert environment_name("/project/env", is_base=False) == "/project/env"
    assert environment_name("/root", is_base=True) == "base"
    assert environment_name("C:\\envs\\robot", is_base=False, windows=True) == "robot"


def test_prompt_is_condas() -> None:
    """``env_prompt`` is filled in; an invalid one gives the default."""
    assert prompt_mark("({default_env}) ", "/root/envs/robot", "robot") == "(robot) "
    assert prompt_mark("[{name}|{prefix}] ", "/p/env", "/p/env") == "[env|/p/env] "
    assert prompt_mark("{no} ", "/p/env", "env") == "(env) "
    assert prompt_mark("{", "/p/env", "env") == "(env) "


def test_prompt_can_do_nothing() -> None:
    """What a shell would run or expand in a prompt is not in it."""
    assert activation("/a", "a", prompt="($(date)`x`%n\\w!\n) ").prompt == "(_(date)_x__n_w__) "


def test_process_in_an_active_environment() -> None:
    """What a process is given; one that is active already stays on its level."""
    steps = activation("/envs/a", "a", requested=[{"V": "1", "GONE": None}])
    once = activated(steps, {"PATH": "/usr/bin", "GONE": "x", "V": "0"})
    assert once == {
        "PATH": "/envs/a/bin:/usr/bin",
        "V": "1",
        "CONDA_PREFIX": "/envs/a",
        "CONDA_DEFAULT_ENV": "a",
        "CONDA_PROMPT_MODIFIER": "",
        "CONDA_SHLVL": "1",
    }
    assert activated(steps, once) == once
    other = activated(activation("/envs/b", "b"), {**once, "PATH": "/x:/envs/a/bin:/usr/bin"})
    assert other["PATH"] == "/x:/envs/b/bin:/usr/bin"
    assert (other["CONDA_SHLVL"], other["CONDA_PREFIX_1"]) == ("2", "/envs/a")


@pytest.mark.parametrize("text", ["", "0", "07", "-1", "x", "1; rm", "²"])
def test_levels_that_are_none(text: str) -> None:
    """A level that is not a valid number counts as none."""
    assert level({"CONDA_SHLVL": text, "CONDA_PREFIX": "/a"}) == 0
    assert level({"CONDA_SHLVL": "1"}) == 0
    assert not is_active("/a", {"CONDA_SHLVL": text, "CONDA_PREFIX": "/a"})


def _prefix(tmp_path: Path) -> Path:
    prefix = tmp_path / "envs" / "robot"
    for folder in ("conda-meta", "etc/conda/env_vars.d", "etc/conda/activate.d"):
        (prefix / folder).mkdir(parents=True)
    return prefix


def test_prefix_is_read(tmp_path: Path) -> None:
    """Packages' variables by their files' names, then the state's; scripts; the name."""
    prefix = _prefix(tmp_path)
    variables = prefix / "etc/conda/env_vars.d"
    (variables / "b.json").write_text('{"V": "b", "GONE": null}', encoding="utf-8")
    (variables / "a.json").write_text('{"V": "a", "W": "a"}', encoding="utf-8")
    state = {"version": 1, "env_vars": {"W": "state ü"}}
    (prefix / "conda-meta/state").write_text(json.dumps(state), encoding="utf-8")
    (prefix / "etc/conda/activate.d/a.sh").touch()
    steps = read_activation(prefix, HERE)
    assert steps.variables == {"V": "b", "W": "state ü"}
    assert steps.unset == ("GONE",)
    assert steps.on == (str(prefix / "etc/conda/activate.d/a.sh"),)
    assert steps.off == ()
    assert steps.conda_variables == {
        "CONDA_PREFIX": str(prefix),
        "CONDA_DEFAULT_ENV": "robot",
        "CONDA_PROMPT_MODIFIER": "(robot) ",
    }


def test_configuration_is_heard(tmp_path: Path) -> None:
    """``changeps1: false`` leaves the prompt alone; the base environment is called base."""
    prefix = _prefix(tmp_path)
    steps = read_activation(prefix, Settings("linux-64", changeps1=False, root_prefix=prefix))
    assert (steps.prompt, steps.name) == ("", "base")


def test_what_can_not_be_read_is_named(tmp_path: Path) -> None:
    """A broken file of variables and a folder that PATH can't hold are errors, not surprises."""
    prefix = _prefix(tmp_path)
    broken = prefix / "etc/conda/env_vars.d/a.json"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(OutsideError, match="not JSON"):
        read_activation(prefix, HERE)
    broken.write_text("[]", encoding="utf-8")
    with pytest.raises(OutsideError, match="does not map variables to values"):
        read_activation(prefix, HERE)
    with pytest.raises(UsageError, match="can't be activated"):
        read_activation(tmp_path / "a:b", HERE)
