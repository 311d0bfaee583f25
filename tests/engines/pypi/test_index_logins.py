"""Logins for an index in uv's settings are used for the manifest's indexes on that host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hosts import Host
from support.manifests import write
from support.packages import SUBDIR
from support.pypi_index import Index
from support.server import Rules, serve

from conda_multiplat.engines.pypi.index_logins import index_logins, with_login

LOGIN = "ann:s3cr%40t"


@pytest.fixture
def pypi(tmp_path: Path) -> Iterator[Rules]:
    """Serve an index that requires the login."""
    index = Index(tmp_path / "index")
    index.wheel("robot")
    with serve(index.root) as server:
        server.login = "ann:s3cr@t"
        yield server


def _settings(form: str, url: str) -> tuple[dict[str, str], str]:
    """Return the variables, and the text of a user's file, with the login in one form."""
    known = url.replace("://", f"://{LOGIN}@")
    named = {"UV_INDEX_OUR_CORP_USERNAME": "ann", "UV_INDEX_OUR_CORP_PASSWORD": "s3cr@t"}
    return {
        "named": (named, f'[[index]]\nname = "our-corp"\nurl = "{url}"\n'),
        "named variable": ({**named, "UV_INDEX": f"our-corp={url}"}, ""),
        "table": ({}, f'[[index]]\nurl = "{known}"\n'),
        "index-url": ({}, f'[pip]\nindex-url = "{known}"\n'),
        "extra-index-url": ({}, f'extra-index-url = ["{known}"]\n'),
        "variable": ({"UV_DEFAULT_INDEX": known}, ""),
        "another of that server": ({"UV_INDEX": known.replace("/simple", "/other")}, ""),
    }[form]


@pytest.mark.slow
@pytest.mark.parametrize("place", ["--index-url", "--extra-index-url", "sources", "mirror"])
@pytest.mark.parametrize("form", ["named", "variable"])
def test_where_indexes_are(
    alone: Host, project: Path, real_channel: Path, pypi: Rules, place: str, form: str
) -> None:
    """Logins are used wherever an index is named, by lock and install, and are never shown."""
    _lock_and_install(alone, project, real_channel, pypi, place, form)


@pytest.mark.slow
@pytest.mark.parametrize(
    "form",
    ["named variable", "table", "index-url", "extra-index-url", "another of that server"],
)
def test_forms(alone: Host, project: Path, real_channel: Path, pypi: Rules, form: str) -> None:
    """Logins are used in every form that uv accepts."""
    _lock_and_install(alone, project, real_channel, pypi, "--index-url", form)


def _lock_and_install(
    alone: Host, project: Path, channel: Path, pypi: Rules, place: str, form: str
) -> None:
    url = f"{pypi.url}/simple"
    environ, text = _settings(form, url)
    extra = ""
    pip = "robot"
    if place == "sources":
        extra = f"multiplat: {{pypi: {{indexes: {{o: {url}}}, sources: {{robot: o}}}}}}\n"
    elif place == "mirror":
        environ = {**environ, "CONDA_MULTIPLAT_PYPI_INDEX": url}
    else:
        nowhere = "--index-url http://127.0.0.1:9/simple, " if "extra" in place else ""
        pip = f"{nowhere}{place} {url}, robot"
    write(project, channel, "python", f"pip: [{pip}]", platforms=f"[{SUBDIR}]", extra=extra)
    folder = alone.home / ".config" / "uv"
    folder.mkdir(parents=True)
    (folder / "uv.toml").write_text(text, encoding="utf-8")
    shown = ""
    for command in (("lock",), ("install", "-n", "made"), ("lock", "--update-all")):
        done = alone.multiplat(*command, cwd=project, env=environ)
        shown += done.stdout + done.stderr
    assert (alone.envs / "made" / "conda-meta").is_dir()
    shown += (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert f"{pypi.url}/files/robot-" in shown
    assert "s3cr" not in shown
    assert "ann:" not in shown


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://a.example/simple", "https://u:p@a.example/simple"),
        ("https://a.example:443/simple/", "https://u:p@a.example:443/simple/"),
        ("https://a.example/third", "https://a.example/third"),
        ("https://b.example/simple", "https://u:q@b.example/simple"),
        ("http://b.example/simple", "http://b.example/simple"),
        ("https://b.example:8443/simple", "https://b.example:8443/simple"),
        ("https://me@b.example/simple", "https://me@b.example/simple"),
        ("https://c.example/simple", "https://c.example/simple"),
        ("https://b.example.evil.example/", "https://b.example.evil.example/"),
        ("https://[b.example/", "https://[b.example/"),
        ("./b.example", "./b.example"),
    ],
)
def test_whose_login(tmp_path: Path, url: str, known: str) -> None:
    """A login for the index counts, else a single one for the server; other servers get none."""
    file = tmp_path / "uv.toml"
    file.write_text(
        'extra-index-url = ["https://u:p@a.example/simple/", "https://u:x@a.example/other",'
        ' "https://u:q@b.example/more", "https://[x"]\n'
        '[[index]]\nname = "c"\nurl = "https://u:p@c.example"\nauthenticate = "never"\n',
        encoding="utf-8",
    )
    assert with_login(url, index_logins({"UV_CONFIG_FILE": str(file)})) == known


def test_name_of_a_manifest(alone: Host, project: Path, channel: Path, pypi: Rules) -> None:
    """An index of the manifest with the same name as the user's does not get its login."""
    extra = f"multiplat: {{pypi: {{indexes: {{c: {pypi.url}/simple}}, sources: {{robot: c}}}}}}\n"
    write(project, channel, "python 3.12.*", "pip: [robot]", platforms="[linux-64]", extra=extra)
    environ = {"UV_INDEX_C_USERNAME": "ann", "UV_INDEX_C_PASSWORD": "s3cr@t"}
    environ |= {"UV_INDEX": "c=http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    done = alone.multiplat("lock", cwd=project, env=environ, code=None)
    assert done.returncode != 0
    assert pypi.requests
    assert not any(request.authorised for request in pypi.requests)
