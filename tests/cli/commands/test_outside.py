"""Trouble outside: channels and disks that fail, and credentials that must not be seen."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from support.hosts import ONCE, Host
from support.manifests import locked, write
from support.packages import SUBDIR, Package, build_channel
from support.server import Rules, make_certificate, needs_openssl, serve

REPODATA = ("repodata.json", "repodata.json.zst", "repodata_shards.msgpack.zst")


def _lock_fails(door: Host, project: Path) -> str:
    """Run ``lock``, which must fail with 3, leave the old lock as it is, and say so once."""
    before = sorted(path.name for path in project.iterdir())
    done = door.multiplat("lock", cwd=project, env=ONCE, code=3)
    assert sorted(path.name for path in project.iterdir()) == before
    assert "Traceback" not in done.stderr
    assert "hints" not in done.stderr
    return done.stderr.lstrip("\n")


def test_missing_channel(door: Host, project: Path, server: Rules) -> None:
    """A channel that is not there is named, with the target."""
    write(project, f"{server.url}/nochan", "zlib", platforms="[linux-64]")
    error = _lock_fails(door, project)
    assert error.startswith(
        f"error: the channels of default/linux-64 can't be read ({server.url}/nochan)\n"
    )


def test_missing_channel_of_a_spec(alone: Host, project: Path, server: Rules) -> None:
    """So is one that only a line names: it may be the one that is missing."""
    there, missing = f"{server.url}/chan", f"{server.url}/nochan"
    write(project, there, f"'{missing}::zlib'", platforms="[linux-64]")
    error = _lock_fails(alone, project)
    names = f"{there}, {missing}"
    assert error.startswith(f"error: the channels of default/linux-64 can't be read ({names})\n")


def test_missing_local_channel(alone: Host, project: Path, tmp_path: Path) -> None:
    """So is a folder that is not there."""
    write(project, tmp_path / "nowhere", "zlib", platforms="[linux-64]")
    assert (tmp_path / "nowhere").as_uri() in _lock_fails(alone, project)


@pytest.mark.parametrize("status", [403, 500])
def test_refusing_channel(alone: Host, project: Path, server: Rules, status: int) -> None:
    """A server that answers with an error, whatever it serves."""
    server.status = dict.fromkeys(REPODATA, status)
    write(project, f"{server.url}/chan", "zlib", platforms="[linux-64]")
    assert str(status) in _lock_fails(alone, project)


@pytest.mark.slow
@pytest.mark.parametrize("status", [401, 403, 500])
def test_channel_that_refuses_shards(
    alone: Host, project: Path, server: Rules, status: int
) -> None:
    """Shards are asked for first; a server that refuses them has its plain repodata read."""
    server.status = {"repodata_shards.msgpack.zst": status}
    write(project, f"{server.url}/chan", "zlib", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert locked(project)["linux-64"] == {"zlib": "1.3.1"}


def test_channel_with_a_token_that_refuses_shards(
    alone: Host, project: Path, server: Rules
) -> None:
    """It is known by the URL that was fetched, which has the token."""
    server.token = "s3cret"
    server.status = {"repodata_shards.msgpack.zst": 403}
    write(project, f"{server.url}/t/s3cret/chan", "zlib", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert locked(project)["linux-64"] == {"zlib": "1.3.1"}


def test_broken_repodata(alone: Host, project: Path, server: Rules) -> None:
    """Repodata that is no JSON."""
    server.status = {"repodata.json.zst": 404, "shards.msgpack.zst": 404}
    server.replace = {"repodata.json": b'{"info": {'}
    write(project, f"{server.url}/chan", "zlib", platforms="[linux-64]")
    _lock_fails(alone, project)


def test_connection_breaks(alone: Host, project: Path, server: Rules) -> None:
    """A connection that dies in the middle of the repodata."""
    server.truncate = ["repodata.json", "repodata.json.zst"]
    write(project, f"{server.url}/chan", "zlib", platforms="[linux-64]")
    _lock_fails(alone, project)


def test_nobody_listens(alone: Host, project: Path, channel: Path) -> None:
    """A dead server: the old lock stays."""
    write(project, channel, "zlib", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    before = (project / "conda-lock.yml").read_bytes()
    write(project, "http://127.0.0.1:9/chan", "zlib", "python", platforms="[linux-64]")
    _lock_fails(alone, project)
    assert (project / "conda-lock.yml").read_bytes() == before


def test_offline_uses_what_was_fetched(alone: Host, project: Path, server: Rules) -> None:
    """offline: nothing is asked of the network; what is cached is used, else the error says so."""
    write(project, f"{server.url}/chan", "zlib", platforms="[linux-64]")
    (alone.home / ".condarc").write_text("offline: true\n", encoding="utf-8")
    _lock_fails(alone, project)
    assert server.seen == []
    alone.multiplat("lock", cwd=project, env={"CONDA_OFFLINE": "false"})
    count = len(server.seen)
    write(project, f"{server.url}/chan", "zlib", "python", platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    assert len(server.seen) == count


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root writes anywhere")
def test_read_only_folder(alone: Host, project: Path, channel: Path) -> None:
    """A folder that can't be written: exit code 3."""
    write(project, channel, "zlib", platforms="[linux-64]")
    project.chmod(0o555)
    assert _lock_fails(alone, project).startswith("error: can't write ")
    project.chmod(0o755)


def test_lock_that_cannot_be_replaced(alone: Host, project: Path, channel: Path) -> None:
    """What stands in the lock's place stays, and no temporary file is left."""
    extra = "multiplat: {environments: {b: {dependencies: [python]}}}\n"
    write(project, channel, "zlib", platforms="[linux-64]", extra=extra)
    (project / "b.conda-lock.yml").mkdir()
    error = _lock_fails(alone, project)
    assert error.startswith("error: ")
    assert sorted(path.name for path in project.iterdir()) == [
        ".git",
        "b.conda-lock.yml",
        "environment.yml",
    ]


SECRETS = ("s3cret", "tk-12345")


def _login(server: Rules, kind: str) -> str:
    """Let the server want credentials; the channel's URL with them."""
    host = server.url.removeprefix("http://")
    if kind == "password":
        server.login = "robot:s3cret"
        return f"http://robot:s3cret@{host}/chan"
    server.token = "tk-12345"
    return f"http://{host}/t/tk-12345/chan"


def _no_secret(*texts: str) -> None:
    for text in texts:
        assert not [secret for secret in SECRETS if secret in text]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["password", "token"])
@pytest.mark.parametrize("where", ["manifest", "condarc"])
def test_credentials_are_used_and_not_shown(
    door: Host, project: Path, tmp_path: Path, kind: str, where: str
) -> None:
    """They are used for fetching; no lock, render, record or output has them."""
    files = {"share/a": b"a" * 100}
    root = tmp_path / "private"
    build_channel(root / "chan", [Package("a", noarch="generic", files=files)])
    with serve(root) as server:
        url = _login(server, kind)
        if where == "condarc":
            location = url.removesuffix("/chan")
            (door.home / ".condarc").write_text(
                f"custom_channels: {{chan: '{location}'}}\n", encoding="utf-8"
            )
        write(project, url if where == "manifest" else "chan", "a", platforms=f"[{SUBDIR}]")
        outputs = [
            door.multiplat(*arguments, cwd=project)
            for arguments in (
                ("lock",),
                ("install",),
                ("render", "--kind", "explicit"),
                ("render", "--kind", "environment"),
                ("install", "--json"),
            )
        ]
        server.status = {"repodata.json": 404, "repodata.json.zst": 500}
        write(project, url if where == "manifest" else "chan", "a", "zz", platforms=f"[{SUBDIR}]")
        (project / "conda-lock.yml").rename(project / "kept.yml")
        for path in (door.pkgs / "multiplat" / "repodata").glob("*"):
            path.unlink() if path.is_file() else None
        outputs.append(door.multiplat("lock", cwd=project, code=None))
    for done in outputs:
        _no_secret(done.stdout, done.stderr)
    prefix = door.envs / "demo"
    assert (prefix / "share/a").read_bytes() == b"a" * 100
    for path in [*project.rglob("*"), *(prefix / "conda-meta").rglob("*")]:
        if path.is_file() and path.name != "environment.yml":
            _no_secret(path.read_text(encoding="utf-8"))
    assert locked(project, "kept.yml") == {SUBDIR: {"a": "1.0"}}


def test_environment_variables_in_urls(door: Host, project: Path, tmp_path: Path) -> None:
    """A channel can take its credentials from the environment; the lock names the variables."""
    root = tmp_path / "private"
    build_channel(root / "chan", [Package("a", noarch="generic")])
    with serve(root) as server:
        server.token = "tk-12345"
        write(project, f"{server.url}/t/${{CHAN_TOKEN}}/chan", "a", platforms=f"[{SUBDIR}]")
        env = {"CHAN_TOKEN": "tk-12345", "CONDA_MULTIPLAT_VARIABLES": "CHAN_TOKEN"}
        door.multiplat("lock", cwd=project, env=env)
        door.multiplat("install", cwd=project, env=env)
    text = (project / "conda-lock.yml").read_text(encoding="utf-8")
    assert f"  - url: {server.url}/chan\n    used_env_vars:\n    - CHAN_TOKEN\n" in text
    _no_secret(text)


@pytest.mark.parametrize("trouble", ["status", "truncate", "replace"])
def test_package_that_cannot_be_had(
    door: Host, project: Path, tmp_path: Path, trouble: str
) -> None:
    """A package that is gone, cut off or another one: exit code 3; the next run finishes."""
    root = tmp_path / "packages"
    packages = [
        Package(name, noarch="generic", files={name: name.encode() * 5000}) for name in "abc"
    ]
    build_channel(root / "chan", packages)
    with serve(root) as server:
        write(project, f"{server.url}/chan", "a", "b", "c", platforms=f"[{SUBDIR}]")
        door.multiplat("lock", cwd=project)
        rules = {"status": {"b-1.0-0.conda": 404}, "truncate": ["b-1.0-0.conda"]}
        rules |= {"replace": {"b-1.0-0.conda": (root / "chan/noarch/a-1.0-0.conda").read_bytes()}}
        setattr(server, trouble, rules[trouble])
        prefix = door.envs / "demo"
        document = door.json("install", cwd=project, code=3)
        another = trouble == "replace"
        wrong = "packages differ from the lock" if another else "locked packages can't be fetched"
        assert document["error"] == wrong
        assert not prefix.exists()
        assert "b-1.0-0" in json.dumps(document["details"])
        setattr(server, trouble, type(rules[trouble])())
        door.multiplat("install", cwd=project)
    assert [(prefix / name).read_bytes()[:1] for name in "abc"] == [b"a", b"b", b"c"]


@pytest.mark.slow
@needs_openssl
@pytest.mark.parametrize(
    ("ssl_verify", "code"), [("true", 3), ("false", 0), ("BUNDLE", 0)], ids=["yes", "no", "bundle"]
)
def test_ssl_verify(door: Host, project: Path, tmp_path: Path, ssl_verify: str, code: int) -> None:
    """A certificate that nobody knows is refused, unless configured otherwise."""
    certificate, key = make_certificate(tmp_path)
    value = str(certificate) if ssl_verify == "BUNDLE" else ssl_verify
    (door.home / ".condarc").write_text(f"ssl_verify: {value}\n", encoding="utf-8")
    root = tmp_path / "secure"
    build_channel(root / "chan", [Package("a", noarch="generic")])
    with serve(root, certificate=(certificate, key)) as server:
        write(project, f"{server.url}/chan", "a", platforms="[linux-64]")
        door.multiplat("lock", cwd=project, env=ONCE, code=code)


def test_proxy_servers(door: Host, project: Path, server: Rules) -> None:
    """A proxy of the configuration is used: the server sees requests for another host."""
    (door.home / ".condarc").write_text(
        f"proxy_servers: {{http: '{server.url}'}}\n", encoding="utf-8"
    )
    write(project, "http://conda.example.com/chan", "zlib", platforms="[linux-64]")
    door.multiplat("lock", cwd=project)
    assert locked(project) == {"linux-64": {"zlib": "1.3.1"}}
    assert server.seen


_FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full: not on Linux")


@pytest.mark.slow
@_FULL
@pytest.mark.parametrize("arguments", [("list",), ("list", "--json"), ("shell-hook",)])
def test_full_disk_at_the_output(
    door: Host, project: Path, channel: Path, arguments: tuple[str, ...]
) -> None:
    """`shell-hook > FILE` on a full disk: trouble outside, told once, and no traceback."""
    write(project, channel, platforms=f"[{SUBDIR}]")
    door.multiplat("lock", "-q", cwd=project)
    door.multiplat("install", "-q", cwd=project)
    assert _into("/dev/full", door, project, *arguments) == (
        3,
        "error: can't write to standard output: No space left on device\n",
    )


@_FULL
def test_full_disk_and_an_error(alone: Host, project: Path, channel: Path) -> None:
    """Where JSON can't be written, the error is told in words, with its own exit code."""
    write(project, channel, platforms=f"[{SUBDIR}]")
    code, error = _into("/dev/full", alone, project, "list", "--json")
    assert (code, error.splitlines()[0]) == (2, "error: conda-lock.yml does not exist")


def _into(output: str, host: Host, project: Path, *arguments: str) -> tuple[int, str]:
    """The exit code and stderr of a command that writes to a file."""
    options = ["--shell", "bash"] if arguments[0] == "shell-hook" else []
    start = ["multiplat"] if host.is_conda else []
    with Path(output).open("w", encoding="utf-8") as file:
        done = subprocess.run(
            [*host.command, *start, *arguments, *options],
            cwd=project,
            env=host.environ(),
            stdout=file,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    return done.returncode, done.stderr


def test_closed_output(alone: Host, project: Path, channel: Path) -> None:
    """`>&-` is no reason for a traceback."""
    write(project, channel, platforms=f"[{SUBDIR}]")
    alone.multiplat("lock", "-q", cwd=project)
    done = subprocess.run(
        ["bash", "-c", 'exec "$@" >&-', "bash", *alone.command, "list"],
        cwd=project,
        env=alone.environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        3,
        "error: can't write to standard output: it is closed\n",
    )
