"""Auth handlers that ``channel_settings`` name, as our own commands use them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.hosts import EMBEDDED, Host
from support.manifests import locked, write
from support.server import Rules

_PLUGIN = """\
import base64
from conda import plugins
from conda.plugins.types import ChannelAuthBase, CondaAuthHandler


class Own(ChannelAuthBase):
    def __call__(self, request):
        login = base64.b64encode(b"robot:s3cret").decode()
        request.headers["Authorization"] = "KIND " + login
        return request


@plugins.hookimpl
def conda_auth_handlers():
    yield CondaAuthHandler(name="own", handler=Own)
"""


@pytest.fixture
def handling(conda: Host) -> Host:
    """A conda with a plugin that has an auth handler, ``own``."""
    if conda.label != EMBEDDED:
        pytest.skip("the handler is planted in the Python of the tests")
    return conda


def _environ(conda: Host, kind: str = "Basic") -> dict[str, str]:
    """Where conda finds the plugin."""
    folder = conda.home / "planted"
    info = folder / "own_auth-1.dist-info"
    info.mkdir(parents=True)
    (folder / "own_auth.py").write_text(_PLUGIN.replace("KIND", kind), encoding="utf-8")
    (info / "METADATA").write_text("Name: own-auth\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[conda]\nown_auth = own_auth\n", encoding="utf-8")
    return {"PYTHONPATH": f"{folder}:{conda.environ()['PYTHONPATH']}"}


def _configure(conda: Host, url: str) -> None:
    text = f"channel_settings:\n  - channel: {url}/*\n    auth: own\n"
    (conda.home / ".condarc").write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_login(handling: Host, project: Path, server: Rules) -> None:
    """A handler's login is used for its channel, and does not get into the lock."""
    server.login = "robot:s3cret"
    write(project, f"{server.url}/chan", "zlib", platforms="[linux-64]")
    refused = handling.multiplat("lock", cwd=project, code=3)
    assert "401" in refused.stderr
    _configure(handling, server.url)
    done = handling.multiplat("lock", cwd=project, env=_environ(handling))
    assert "zlib" in locked(project)["linux-64"]
    written = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert "s3cret" not in written + done.stderr + done.stdout


@pytest.mark.slow
def test_unknown_kind(handling: Host, project: Path, server: Rules) -> None:
    """What a handler sends and our engine can't is said."""
    write(project, f"{server.url}/chan", "zlib", platforms="[linux-64]")
    _configure(handling, server.url)
    done = handling.multiplat("lock", cwd=project, env=_environ(handling, "Odd"))
    assert done.stderr.count("can't use the auth handler of") == 1


@pytest.mark.parametrize("entry", ["URL/*", "URL/chan", "chan"])
def test_without_conda(alone: Host, project: Path, server: Rules, entry: str) -> None:
    """Handlers are plugins of conda: one line says that one can't be used, where it would be."""
    name = entry.replace("URL", server.url)
    (alone.home / ".condarc").write_text(
        f"channel_alias: {server.url}\n"
        f"channel_settings:\n  - {{channel: {name}, auth: own}}\n"
        "  - {channel: https://other.example.com/*, auth: another}\n",
        encoding="utf-8",
    )
    write(project, f"{server.url}/chan", "zlib", platforms="[linux-64]")
    done = alone.multiplat("lock", cwd=project)
    line = (
        f"warning: channel_settings: the auth handler own of {name} can't be used without conda; "
    )
    assert f"{line}`conda multiplat` uses it\n" in done.stderr
    assert done.stderr.count("channel_settings") == 1
