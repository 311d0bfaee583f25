"""``.condarc`` without conda, and the same keys through conda: the same settings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.hosts import EMBEDDED, Host

from conda_multiplat.machine.condarc import settings_from_condarc
from conda_multiplat.vocabulary.errors import ManifestError

CONDARC = """\
channels: [conda-forge, https://example.com/t/tk-1/private]
channel_alias: https://mirror.example.com
channel_priority: strict
custom_channels:
  ours: https://robot:pw@conda.example.com/root
custom_multichannels:
  both: [conda-forge, ours]
default_channels: [https://mirror.example.com/main]
whitelist_channels: [conda-forge, $HOME/chan]
denylist_channels: [ours]
ssl_verify: {bundle}
client_cert: $HOME/client.pem
client_ssl_cert_key: /srv/client.key
proxy_servers:
  http: http://proxy.example.com:8080
  https: null
  https://one.example.com: http://other.example.com:8080
  all://two.example.com: null
offline: true
envs_dirs: [/srv/envs]
pkgs_dirs: [/srv/pkgs]
changeps1: false
env_prompt: '[{name}] '
envvars_force_uppercase: false
"""
_DUMP = """\
import json, sys
from support.embedded_conda import install_alias
install_alias()
from conda.base.context import context, reset_context
reset_context()
from conda_multiplat.machine.conda_settings import settings_from_conda
from conda_multiplat.machine.condarc import settings_from_condarc
def plain(settings):
    config = settings.channel_config
    return dict(channels=list(settings.channels), alias=config.channel_alias,
        custom=dict(config.custom_channels),
        multi={k: list(v) for k, v in config.custom_multichannels.items()},
        default=[list(config.default_channels), list(config.default_channels_win)],
        rules=[list(config.allowlist_channels), list(config.denylist_channels)],
        priority=settings.channel_priority, ssl=settings.ssl_verify,
        client=[settings.client_ssl_cert, settings.client_ssl_cert_key],
        proxies=dict(settings.proxy_servers), offline=settings.offline,
        prompt=[settings.changeps1, settings.env_prompt, settings.envvars_force_uppercase],
        pkgs=[str(p) for p in settings.pkgs_dirs], envs=[str(p) for p in settings.envs_dirs],
        root=str(settings.root_prefix))
print(json.dumps([plain(settings_from_conda()), plain(settings_from_condarc("linux-64"))]))
"""


def _both_doors(conda: Host, **variables: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if conda.label != EMBEDDED:
        pytest.skip("needs conda in the Python of the tests")
    environ = conda.environ(variables)
    for name in {"CONDA_ENVS_DIRS", "CONDA_PKGS_DIRS"} - set(variables):
        del environ[name]
    done = subprocess.run(
        [sys.executable, "-c", _DUMP],
        cwd=conda.home,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    through_conda, alone = json.loads(done.stdout)
    return through_conda, alone


@pytest.mark.slow
def test_both_doors_read_the_same(conda: Host) -> None:
    """Every key that we honour comes out alike from conda's context and from the file."""
    bundle = conda.home / "ca.pem"
    bundle.touch()
    text = CONDARC.replace("{bundle}", str(bundle))
    (conda.home / ".condarc").write_text(text, encoding="utf-8")
    through_conda, alone = _both_doors(conda)
    through_conda["custom"] = {k: v for k, v in through_conda["custom"].items() if k == "ours"}
    assert alone == through_conda
    assert alone["custom"] == {"ours": "https://robot:pw@conda.example.com/root"}
    assert alone["priority"] == "strict"
    assert alone["prompt"] == [False, "[{name}] ", False]
    assert alone["rules"] == [["conda-forge", f"{conda.home}/chan"], ["ours"]]


@pytest.mark.slow
def test_both_doors_know_the_same_defaults(conda: Host) -> None:
    """Where nothing is configured, ``defaults`` is what conda says, Windows' channels apart."""
    through_conda, alone = _both_doors(conda)
    assert alone["default"] == through_conda["default"]
    unix, windows = alone["default"]
    assert windows[: len(unix)] == unix
    assert len(windows) > len(unix)


@pytest.mark.slow
@pytest.mark.parametrize("marked", ["allowlist_channels", "whitelist_channels"])
def test_what_is_final(conda: Host, marked: str) -> None:
    """Nobody adds to a list that the machine's configuration has closed; others are merged."""
    first = conda.home / ".config" / "conda" / ".condarc"
    first.parent.mkdir(parents=True)
    first.write_text(f"{marked}:  #!final\n  - a\ndenylist_channels: [x]\n", encoding="utf-8")
    text = "allowlist_channels: [b]\ndenylist_channels: [y]\n"
    (conda.home / ".condarc").write_text(text, encoding="utf-8")
    through_conda, alone = _both_doors(conda, CONDA_ALLOWLIST_CHANNELS="c,d")
    assert alone["rules"] == through_conda["rules"] == [["a"], ["y", "x"]]


@pytest.mark.slow
def test_rules_in_variables(conda: Host) -> None:
    """Variables are read as conda does."""
    names = {"CONDA_WHITELIST_CHANNELS": "a, b", "CONDA_DENYLIST_CHANNELS": "c"}
    through_conda, alone = _both_doors(conda, **names)
    assert alone["rules"] == through_conda["rules"] == [["a", "b"], ["c"]]


@pytest.mark.slow
@pytest.mark.parametrize("writable", [True, False])
@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{}", {}),
        ("envs_dirs: [$HOME/mine, ~/more]\npkgs_dirs: [$HOME/cache]", {}),
        ("verify_ssl: true\nenvs_path: [~/old]", {}),
        ("{}", {"CONDA_ENVS_DIRS": "/srv/a:/srv/b", "CONDA_PKGS_DIRS": "/srv/c,/srv/d"}),
        ("envs_dirs: [~/mine]", {"CONDA_ENVS_PATH": "/srv/a"}),
    ],
)
def test_both_doors_find_the_same_folders(
    conda: Host, writable: bool, text: str, variables: dict[str, str]
) -> None:
    """Base, environments and caches, in the same order, whether or not the base can be written."""
    if not writable:
        (conda.home / "root" / "conda-meta" / "history").unlink()
    (conda.home / ".condarc").write_text(text, encoding="utf-8")
    through_conda, alone = _both_doors(conda, **variables)
    assert [alone[key] for key in ("root", "envs", "pkgs")] == [
        through_conda[key] for key in ("root", "envs", "pkgs")
    ]


def test_base_of_this_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python of a base finds it, and its ``.condarc``, whatever shell it is started from."""
    base, packages = tmp_path / "base", tmp_path / "base" / "lib" / "site-packages"
    monkeypatch.setattr("sys.prefix", str(base))
    monkeypatch.syspath_prepend(packages)
    shell = {"CONDA_EXE": str(tmp_path / "other" / "bin" / "conda")}
    for path in (base / "conda-meta" / "history", packages / "conda" / "base" / "context.py"):
        assert settings_from_condarc("linux-64", shell).root_prefix == tmp_path / "other"
        path.parent.mkdir(parents=True)
        path.touch()
    (base / ".condarc").write_text("channels: [of-base]\n", encoding="utf-8")
    settings = settings_from_condarc("linux-64", shell)
    assert settings.root_prefix == base
    assert settings.channels == ("of-base",)
    assert settings.envs_dirs[0] == base / "envs"
    assert settings.pkgs_dirs[0] == base / "pkgs"


def test_defaults_of_an_empty_home() -> None:
    """Without any configuration: conda's own defaults."""
    settings = settings_from_condarc("linux-64", {})
    assert settings.channels == ("conda-forge",)
    assert len(settings.channel_config.default_channels) == 2
    assert settings.channel_priority == "flexible"
    assert settings.ssl_verify is True
    assert settings.offline is False
    assert [path.parts[-2:] for path in settings.pkgs_dirs] == [(".conda", "pkgs")]


def test_files_and_variables_are_merged(tmp_path: Path) -> None:
    """Later files win, lists are put in front, variables win over files."""
    home = Path("~").expanduser()
    (home / ".condarc").write_text("channels: [a]\nchannel_priority: strict\n", encoding="utf-8")
    (tmp_path / "rc").write_text("channels: [b]\nssl_verify: false\n", encoding="utf-8")
    environ = {"CONDARC": str(tmp_path / "rc"), "CONDA_CHANNEL_PRIORITY": "disabled"}
    settings = settings_from_condarc("linux-64", environ)
    assert settings.channels == ("b", "a")
    assert settings.channel_priority == "disabled"
    assert settings.ssl_verify is False


def test_old_boolean_priority(tmp_path: Path) -> None:
    """``channel_priority`` was a boolean once."""
    (tmp_path / "rc").write_text("channel_priority: false\n", encoding="utf-8")
    settings = settings_from_condarc("linux-64", {"CONDARC": str(tmp_path / "rc")})
    assert settings.channel_priority == "disabled"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("channels: [a\n", "rc can't be read"),
        ("- a\n", "rc is not a mapping"),
        ("channel_priority: best\n", "channel_priority can't be 'best'"),
    ],
)
def test_bad_files(tmp_path: Path, text: str, message: str) -> None:
    """A file that can't be used is named."""
    (tmp_path / "rc").write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        settings_from_condarc("linux-64", {"CONDARC": str(tmp_path / "rc")})
    assert caught.value.message.endswith(message)
