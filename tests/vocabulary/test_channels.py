"""Channels: five ways to name one, and credentials that go nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_multiplat.vocabulary.channels import (
    ChannelConfig,
    base_url,
    channel_urls,
    environment_variables,
    expand,
    public_name,
    scrub,
    secrets,
    spec_channel,
    without_login,
)
from conda_multiplat.vocabulary.match_spec import parse_spec

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
        ("file:///srv/t/me/a", "file:///srv/t/me/a"),
        ("/srv/t/me/a", "/srv/t/me/a"),
    ],
)
def test_public_names(name: str, public: str) -> None:
    """Logins and tokens are removed, whether they are written or named by a variable."""
    assert public_name(name) == public


def test_secrets_are_scrubbed() -> None:
    """Known secrets are removed everywhere, others where they can be recognised."""
    known = secrets(["https://robot:s3cret@x.example.com/t/tk-1/a", "conda-forge"])
    assert known == {"robot:s3cret", "s3cret", "tk-1"}
    text = "GET https://robot:s3cret@x.example.com/t/tk-1/a failed: s3cret, tk-1"
    assert scrub(text, known) == "GET https://***@x.example.com/t/***/a failed: ***, ***"
    assert scrub("at https://a:b@x.example.com/t/zz/c") == "at https://***@x.example.com/t/***/c"


def test_variables_of_a_url() -> None:
    """A lock names the variables; fetching uses their values."""
    url = "https://${USER_}:$PW@x.example.com"
    assert environment_variables(url) == ["USER_", "PW"]
    assert expand(url, {"USER_": "u", "PW": "p"}, {"USER_", "PW"}) == "https://u:p@x.example.com"
    assert expand("$NOT_SET", {}, {"NOT_SET"}) == "$NOT_SET"


def test_parts_of_urls() -> None:
    """A package's channel, and a URL whose token stays."""
    assert base_url("https://x.example.com/a/b/noarch/p-1-0.conda") == "https://x.example.com/a/b"
    assert without_login("https://u:p@x.example.com/t/tk/a") == "https://x.example.com/t/tk/a"


@pytest.mark.parametrize(
    ("name", "urls"),
    [
        ("ours/deep/er", ["https://deep.example.com/ours/deep/er"]),
        ("ours/deeper", ["https://conda.example.com/root/ours/deeper"]),
        ("oursother", ["https://alias.example.com/oursother"]),
        ("conda-forge/", ["https://alias.example.com/conda-forge"]),
        ("a b", ["https://alias.example.com/a%20b"]),
        ("https://u:p@x.example.com/t/tk/a/", ["https://u:p@x.example.com/t/tk/a"]),
        ("HTTPS://x.example.com/a", ["HTTPS://x.example.com/a"]),
        ("s3://bucket/a", ["s3://bucket/a"]),
        (".", ["file:///project/sub"]),
        ("..", ["file:///project"]),
        ("../other/", ["file:///project/other"]),
        ("./a/../b", ["file:///project/sub/b"]),
    ],
)
def test_more_names_to_urls(name: str, urls: list[str]) -> None:
    """Whole parts of a name make a custom channel, and paths start from the manifest's folder."""
    assert channel_urls(name, CONFIG, Path("/project/sub")) == urls


def test_home_channel() -> None:
    """A tilde is the user's home."""
    home = (Path.home() / "channel").resolve().as_uri()
    assert channel_urls("~/channel", CONFIG, Path("/project")) == [home]


@pytest.mark.parametrize(
    ("config", "name", "urls"),
    [
        (ChannelConfig("alias.example.com/a/"), "x", ["https://alias.example.com/a/x"]),
        (ChannelConfig("file:///srv"), "x", ["file:///srv/x"]),
        (ChannelConfig("https://a.example.com"), "defaults", ["https://a.example.com/defaults"]),
        (
            ChannelConfig("https://a.example.com", default_channels=("defaults", "x")),
            "defaults",
            ["https://a.example.com/x"],
        ),
        (
            ChannelConfig("https://a.example.com", custom_multichannels={"a": ["b"], "b": ["a"]}),
            "a",
            ["https://a.example.com/a"],
        ),
        (
            ChannelConfig("https://a.example.com", custom_multichannels={"own": ("own", "x")}),
            "own",
            ["https://a.example.com/x"],
        ),
        (
            ChannelConfig(
                "https://a.example.com",
                custom_multichannels={"all": ("some", "z"), "some": ("y", "./local")},
            ),
            "all",
            ["https://a.example.com/y", "file:///project/local", "https://a.example.com/z"],
        ),
        (
            ChannelConfig(
                "https://a.example.com",
                custom_multichannels={"defaults": ("x",)},
                default_channels=("y",),
            ),
            "defaults",
            ["https://a.example.com/y"],
        ),
    ],
)
def test_configurations(config: ChannelConfig, name: str, urls: list[str]) -> None:
    """An alias needs no scheme, and groups may hold groups, paths and a channel of their name."""
    assert channel_urls(name, config, Path("/project")) == urls


@pytest.mark.parametrize(
    ("url", "without", "expected"),
    [
        ("conda-forge", "conda-forge", set()),
        ("./t/folder/x", "./t/folder/x", set()),
        ("https://x.example.com/a@b", "https://x.example.com/a@b", set()),
        ("https://x.example.com/t/tk", "https://x.example.com/t/tk", {"tk"}),
        ("https://u:p@x.example.com", "https://x.example.com", {"u:p", "p"}),
        ("https://token@x.example.com/a", "https://x.example.com/a", {"token"}),
        ("https://u:p%40@x.example.com", "https://x.example.com", {"u:p%40", "p%40"}),
        ("https://u:@x.example.com", "https://x.example.com", set()),
        ("https://u@x.example.com", "https://x.example.com", set()),
        ("https://$U:$P@x.example.com/t/${T}/a", "https://x.example.com/t/${T}/a", {"$U:$P"}),
        ("https://x.example.com/t/a+b=/c", "https://x.example.com/t/a+b=/c", {"a+b="}),
        ("file:///home/t/me/c", "file:///home/t/me/c", set()),
        ("git+ssh://git@x.example.com/a", "git+ssh://git@x.example.com/a", set()),
        ("git+ssh://git:word@x.example.com/a", "git+ssh://x.example.com/a", {"git:word", "word"}),
        ("git+https://git@x.example.com/a", "git+https://x.example.com/a", set()),
        ("ftp://u:p@x.example.com/t/a~b-1.0/c", "ftp://x.example.com/t/a~b-1.0/c", None),
    ],
)
def test_logins(url: str, without: str, expected: set[str] | None) -> None:
    """A login is taken out and a token stays; both are secret, and a path on disk has neither."""
    assert without_login(url) == without
    assert secrets([url]) == ({"u:p", "p", "a~b-1.0"} if expected is None else expected)


@pytest.mark.parametrize(
    ("text", "known", "scrubbed"),
    [
        ("nothing to hide", (), "nothing to hide"),
        ("pass, password", ("pass", "password"), "***, ***"),
        ("a https://u:p@x.example.com b", (), "a https://***@x.example.com b"),
        ("https://a/t/one/a s3://b/t/two", (), "https://a/t/***/a s3://b/t/***"),
        ("/srv/t/me/environment.yml", (), "/srv/t/me/environment.yml"),
        ("https://x.example.com/it/a", (), "https://x.example.com/it/a"),
    ],
)
def test_scrub(text: str, known: tuple[str, ...], scrubbed: str) -> None:
    """Longer secrets are removed first, so that no part of them remains."""
    assert scrub(text, known) == scrubbed


@pytest.mark.parametrize(
    ("name", "variables", "expanded"),
    [
        ("conda-forge", [], "conda-forge"),
        ("https://$A:${B}@x.example.com", ["A", "B"], "https://1:2@x.example.com"),
        ("https://x.example.com/t/${A}/c", ["A"], "https://x.example.com/t/1/c"),
        ("https://x.example.com/$A_B/c", ["A_B"], "https://x.example.com/$A_B/c"),
        ("https://x.example.com/$A-$1", ["A"], "https://x.example.com/1-$1"),
        ("$NESTED", ["NESTED"], "$A"),
        ("$EMPTY/x", ["EMPTY"], "/x"),
    ],
)
def test_variables(name: str, variables: list[str], expanded: str) -> None:
    """Variables are replaced once; one that is not set stays as it is written."""
    assert environment_variables(name) == variables
    environ = {"A": "1", "B": "2", "NESTED": "$A", "EMPTY": ""}
    assert expand(name, environ, environ) == expanded
    assert expand(name, environ, ()) == name


@pytest.mark.parametrize(
    ("url", "channel"),
    [
        ("https://x.example.com/linux-64/p-1-0.conda", "https://x.example.com"),
        ("https://x.example.com/a/noarch/p-1-0.tar.bz2#0123", "https://x.example.com/a"),
        ("file:///srv/c/win-64/p-1-0.conda", "file:///srv/c"),
    ],
)
def test_base_url(url: str, channel: str) -> None:
    """A package's channel is its URL without the platform and the file."""
    assert base_url(url) == channel


def test_at_sign_in_a_password() -> None:
    """A password with an unquoted ``@`` is removed as a whole: the last ``@`` ends it."""
    url = "https://u:p@ss@x.example.com/a@b"
    assert public_name(url) == "https://x.example.com/a@b"
    assert "p@ss" in secrets([url])


@pytest.mark.parametrize(
    ("spec", "channel"),
    [
        ("python", ""),
        ("conda-forge::python >=3", "conda-forge"),
        ("conda-forge/label/dev::python", "conda-forge/label/dev"),
        ("https://x.example.com/t/$T/a::python=3", "https://x.example.com/t/$T/a"),
        ("python[channel=conda-forge]", "conda-forge"),
        ("python[version='>=3', channel='https://x.example.com/a']", "https://x.example.com/a"),
        ('python[channel="a/b", build=*_0]', "a/b"),
        ("conda-forge::python[channel=a/linux-64]", "a"),  # brackets count more
        (
            "conda-forge::python[build=*_0, channel='https://x.example.com/a']",
            "https://x.example.com/a",
        ),
        (" conda-forge/noarch:: python >=3[ channel = b::c ] ", "b::c"),
    ],
)
def test_channel_of_a_spec(spec: str, channel: str) -> None:
    """The result is the same as that of ``match_spec``."""
    assert parse_spec(spec).channel == channel
    assert spec_channel(spec) == channel
