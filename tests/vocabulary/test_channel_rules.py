"""``allowlist_channels`` and ``denylist_channels``: which channels count as the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.hosts import TESTS

from conda_multiplat.vocabulary.channel_rules import channel_name, refusals, require_allowed
from conda_multiplat.vocabulary.channels import ChannelConfig
from conda_multiplat.vocabulary.errors import ChannelRefusedError

CONFIG = ChannelConfig(
    channel_alias="https://alias.example.com/x",
    custom_channels={"ours": "https://conda.example.com/root"},
    custom_multichannels={"both": ("conda-forge", "https://m.example.com/part")},
    default_channels=("https://own.example.com/pkgs/main",),
    default_channels_win=("https://own.example.com/pkgs/main", "https://own.example.com/pkgs/win"),
)
FORGE = "https://alias.example.com/x/conda-forge"


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("conda-forge", FORGE),
        ("conda-forge", f"{FORGE}/"),
        ("conda-forge/", FORGE),
        ("conda-forge/linux-64", FORGE),
        (f"{FORGE}/noarch", FORGE),
        (f"{FORGE}/win-64/", f"{FORGE}/linux-64"),
        (f"https://u:p@{FORGE[8:]}", FORGE),
        ("https://ALIAS.example.com/x/conda-forge", FORGE),
        ("https://alias.example.com/t/tk/x/conda-forge", FORGE),
        (FORGE, "https://u:p@alias.example.com/t/tk/x/conda-forge"),
        ("ours", "https://conda.example.com/root/ours"),
        ("ours/label/dev", "https://conda.example.com/root/ours/label/dev"),
        ("both", "https://m.example.com/part"),
        ("defaults", "https://own.example.com/pkgs/main"),
        ("defaults", "https://own.example.com/pkgs/win"),
        ("pkgs/main", "https://own.example.com/pkgs/main"),
        ("./a b", "file:///project/a%20b"),
        ("file:///project/a b", "file:///project/a%20b"),
        ("/project/a", "file:///project/a"),
    ],
)  # fmt: skip
def test_same_channel(entry: str, url: str) -> None:
    """A channel on both lists is denied."""
    base = Path("/project")
    denied = refusals([url], CONFIG._replace(denylist_channels=[entry]), base)
    assert [refusal.key for refusal in denied] == ["denylist_channels"]
    assert refusals([url], CONFIG._replace(allowlist_channels=[entry]), base) == []
    both = CONFIG._replace(allowlist_channels=[entry], denylist_channels=["z", entry])
    assert [refusal.key for refusal in refusals([url], both, base)] == ["denylist_channels"]


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("conda-forge", f"{FORGE}/label/dev"),
        ("conda-forge/label/dev", FORGE),
        ("conda-forge", "https://other.example.com/x/conda-forge"),
        ("https://alias.example.com/x", FORGE),
        (FORGE.replace("https", "http"), FORGE),
        ("both", "https://own.example.com/pkgs/main"),
        ("Conda-Forge", FORGE),
    ],
)
def test_other_channel(entry: str, url: str) -> None:
    """A part of a URL, another host or another scheme is another channel."""
    assert refusals([url], CONFIG._replace(denylist_channels=[entry]), Path("/project")) == []
    allowed = CONFIG._replace(allowlist_channels=[entry])
    assert [refusal.key for refusal in refusals([url], allowed, Path())] == ["allowlist_channels"]


def test_nothing_configured() -> None:
    """No list refuses anything."""
    assert refusals([FORGE, "file:///a"], CONFIG, Path("/project")) == []


def test_all_at_once() -> None:
    """The error has every refused channel once, by its list."""
    config = CONFIG._replace(allowlist_channels=["ours", "bad"], denylist_channels=["bad"])
    urls = [FORGE, "https://alias.example.com/x/bad", FORGE, "https://h.example.com/c/d"]
    with pytest.raises(ChannelRefusedError) as caught:
        require_allowed(urls, config, Path())
    assert caught.value.lines() == [
        "error: Channel not included in allowlist:",
        "  channel name: conda-forge",
        f"  channel url: {FORGE}",
        "  channel name: c/d",
        "  channel url: https://h.example.com/c/d",
        "  Channel included in denylist:",
        "  channel name: bad",
        "  channel url: https://alias.example.com/x/bad",
        "  `allowlist_channels` in conda's configuration says so",
        "  `denylist_channels` in conda's configuration says so",
    ]


_NAMES = """\
import json, sys
from support.embedded_conda import install_alias
install_alias()
from conda.base.context import context, reset_context
reset_context()
from conda.models.channel import Channel
print(json.dumps([Channel(url).name for url in json.loads(sys.argv[1])]))
"""


def test_names_are_conda_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal names a channel as conda does."""
    urls = [
        FORGE,
        f"{FORGE}/label/dev",
        "https://conda.example.com/root/ours",
        "https://conda.example.com/root/ours/sub",
        "https://conda.example.com/root/other",
        "https://own.example.com/pkgs/main",
        "https://m.example.com/part",
        "https://h.example.com/conda/team",
        "https://h.example.com/a/b/c",
        "http://127.0.0.1:8000/chan",
        "file:///srv/my/chan",
    ]
    rc = {
        "channel_alias": CONFIG.channel_alias,
        "custom_channels": dict(CONFIG.custom_channels),
        "custom_multichannels": {k: list(v) for k, v in CONFIG.custom_multichannels.items()},
        "default_channels": list(CONFIG.default_channels),
    }
    (tmp_path / ".condarc").write_text(json.dumps(rc), encoding="utf-8")
    monkeypatch.setenv("CONDARC", str(tmp_path / ".condarc"))
    command = [sys.executable, "-c", _NAMES, json.dumps(urls)]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=True)
    assert [channel_name(url, CONFIG) for url in urls] == json.loads(done.stdout)
