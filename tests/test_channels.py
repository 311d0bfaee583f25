"""Channels: five ways to name one, and credentials that go nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_multiplat.channels import (
    ChannelConfig,
    base_url,
    channel_urls,
    environment_variables,
    expand,
    public_name,
    scrub,
    secrets,
    without_login,
)

CONFIG = ChannelConfig(
    channel_alias="https://alias.example.com/",
    custom_channels={
        "ours": "https://conda.example.com/root",
        "ours/deep": "https://deep.example.com",
    },
    custom_multichannels={"both": ("conda-forge", "ours")},
    default_channels=("https://repo.example.com/main", "r"),
)


@pytest.mark.parametrize(
    ("name", "urls"),
    [
        ("conda-forge", ["https://alias.example.com/conda-forge"]),
        ("conda-forge/label/dev", ["https://alias.example.com/conda-forge/label/dev"]),
        ("https://x.example.com/a/", ["https://x.example.com/a"]),
        ("file:///srv/channel", ["file:///srv/channel"]),
        ("ours", ["https://conda.example.com/root/ours"]),
        ("ours/part", ["https://conda.example.com/root/ours/part"]),
        ("ours/deep", ["https://deep.example.com/ours/deep"]),
        ("both", ["https://alias.example.com/conda-forge", "https://conda.example.com/root/ours"]),
        ("defaults", ["https://repo.example.com/main", "https://alias.example.com/r"]),
        ("./local", ["file:///project/local"]),
        ("/srv/a b", ["file:///srv/a%20b"]),
    ],
)  # fmt: skip
def test_names_to_urls(name: str, urls: list[str]) -> None:
    """Names, URLs, paths and groups are looked up as conda does."""
    assert channel_urls(name, CONFIG, Path("/project")) == urls


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("conda-forge", "conda-forge"),
        ("https://robot:s3cret@x.example.com/a", "https://x.example.com/a"),
        ("https://x.example.com/t/tk-1/a", "https://x.example.com/a"),
        ("https://u:p@x.example.com/t/tk-1/a", "https://x.example.com/a"),
        ("https://${U}:${P}@x.example.com/a", "https://x.example.com/a"),
        ("https://x.example.com/t/${TOKEN}/a", "https://x.example.com/a"),
        ("https://x.example.com/t/$TOKEN/a", "https://x.example.com/a"),
        ("https://x.example.com/put/a", "https://x.example.com/put/a"),
    ],
)
def test_public_names(name: str, public: str) -> None:
    """Logins and tokens are taken out, whether they are written or named by a variable."""
    assert public_name(name) == public


def test_secrets_are_scrubbed() -> None:
    """Known secrets go wherever they stand; others where they can be recognised."""
    known = secrets(["https://robot:s3cret@x.example.com/t/tk-1/a", "conda-forge"])
    assert known == {"robot:s3cret", "s3cret", "tk-1"}
    text = "GET https://robot:s3cret@x.example.com/t/tk-1/a failed: s3cret, tk-1"
    assert scrub(text, known) == "GET https://***@x.example.com/t/***/a failed: ***, ***"
    assert scrub("at https://a:b@x.example.com/t/zz/c") == "at https://***@x.example.com/t/***/c"


def test_variables_of_a_url() -> None:
    """A lock names the variables; fetching uses their values."""
    url = "https://${USER_}:$PW@x.example.com"
    assert environment_variables(url) == ["USER_", "PW"]
    assert expand(url, {"USER_": "u", "PW": "p"}) == "https://u:p@x.example.com"
    assert expand("$NOT_SET", {}) == "$NOT_SET"


def test_parts_of_urls() -> None:
    """A package's channel, and a URL whose token stays."""
    assert base_url("https://x.example.com/a/b/noarch/p-1-0.conda") == "https://x.example.com/a/b"
    assert without_login("https://u:p@x.example.com/t/tk/a") == "https://x.example.com/t/tk/a"
