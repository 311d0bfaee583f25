"""``audit`` by a service that speaks OSV's protocol: one on loopback, which can misbehave."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.advisories import Advisory, OsvRules, advisory, below, osv_service
from support.hosts import ONCE, Host
from support.manifests import write
from support.packages import Package, write_repodata
from support.server import make_certificate, needs_openssl, serve

NAMES = [f"lib-{number}" for number in range(5)]


def _about(name: str, number: int) -> Advisory:
    return advisory(f"GHSA-{name}-{number}", name, *below("2.0"), word="HIGH")


@pytest.fixture
def osv() -> Iterator[OsvRules]:
    """A service that has three advisories about the first library, and one about the second."""
    about = [_about("lib-0", number) for number in range(3)]
    with osv_service([*about, _about("lib-1", 0), _about("elsewhere", 0)]) as rules:
        yield rules


@pytest.fixture
def libraries(alone: Host, project: Path, tmp_path: Path) -> Path:
    """A locked project of five libraries."""
    packages = [Package("python", "3.12.4", subdir="linux-64")]
    packages += [Package(name, "1.0", noarch="python", depends=["python"]) for name in NAMES]
    write(project, write_repodata(tmp_path / "own", packages), *NAMES, platforms="[linux-64]")
    alone.multiplat("lock", cwd=project)
    return project


def _env(rules: OsvRules, **more: str) -> dict[str, str]:
    return {"CONDA_MULTIPLAT_OSV_URL": rules.url, **more}


FOUND = ["GHSA-lib-0-0", "GHSA-lib-0-1", "GHSA-lib-0-2", "GHSA-lib-1-0"]


def _ids(document: dict[str, list[dict[str, str]]]) -> list[str]:
    return [finding["id"] for finding in document["vulnerabilities"]]


@pytest.mark.parametrize("page", [1, 2, 100])
def test_service(alone: Host, libraries: Path, osv: OsvRules, page: int) -> None:
    """Each project is asked for with its version, page by page; each advisory is read once."""
    osv.page = page
    document = alone.json("audit", cwd=libraries, env=_env(osv), code=1)
    assert _ids(document) == FOUND
    assert document["source"] == osv.url
    assert set(osv.queries) == {(name, "1.0") for name in NAMES}
    assert sorted(path for path in osv.seen if path != "/v1/querybatch") == [
        f"/v1/vulns/{name}" for name in FOUND
    ]
    assert osv.logins == {None}


@pytest.mark.parametrize("setting", ["variable", "conda's", "condarc"])
def test_where_the_service_is(
    door: Host, libraries: Path, osv: OsvRules, tmp_path: Path, setting: str
) -> None:
    """A variable's word, conda's variable, a file's; in each door."""
    condarc = tmp_path / "condarc"
    file = osv.url if setting == "condarc" else "https://nowhere.invalid"
    condarc.write_text(f"plugins: {{multiplat_osv_url: {file}}}\n", encoding="utf-8")
    env = {"CONDARC": str(condarc)}
    if setting != "condarc":
        ours, condas = "CONDA_MULTIPLAT_OSV_URL", "CONDA_PLUGINS_MULTIPLAT_OSV_URL"
        env[ours if setting == "variable" else condas] = osv.url
    assert _ids(door.json("audit", cwd=libraries, env=env, code=1)) == FOUND


def test_file_before_service(alone: Host, libraries: Path, osv: OsvRules, tmp_path: Path) -> None:
    """Where a database is named, nothing is asked."""
    (tmp_path / "db.json").write_text("[]", encoding="utf-8")
    alone.multiplat("audit", "--db", tmp_path / "db.json", cwd=libraries, env=_env(osv), code=2)
    assert osv.seen == []


def test_offline(alone: Host, libraries: Path, osv: OsvRules) -> None:
    """Nothing is asked, and that is no clean bill of health."""
    env = _env(osv, CONDA_OFFLINE="true")
    done = alone.multiplat("audit", cwd=libraries, env=env, code=3)
    assert done.stderr == (
        f"error: offline: {osv.url} can't be queried\n"
        "  compare the locks with a downloaded database: --db FILE\n"
    )
    assert osv.seen == []


@pytest.mark.parametrize(
    "url", ["ftp://example.com", "example.com", "file:///etc/passwd", "http://[::1"]
)
def test_no_url(alone: Host, libraries: Path, url: str) -> None:
    """What is no URL of a service."""
    env = {"CONDA_MULTIPLAT_OSV_URL": url}
    done = alone.multiplat("audit", cwd=libraries, env=env, code=2)
    assert done.stderr.startswith(f"error: not the URL of a service: {url}\n")


def test_login(alone: Host, libraries: Path, osv: OsvRules) -> None:
    """It is sent and never shown."""
    env = {"CONDA_MULTIPLAT_OSV_URL": osv.url.replace("//", "//robot:s%40cret@")}
    done = alone.multiplat("audit", "--json", cwd=libraries, env=env, code=1)
    assert osv.logins == {"Basic cm9ib3Q6c0BjcmV0"}
    osv.fail["/v1/querybatch"] = [401]
    failed = alone.multiplat("audit", cwd=libraries, env={**env, **ONCE}, code=3)
    for text in (done.stdout, done.stderr, failed.stderr):
        assert "cret" not in text
    assert f"{osv.url}/v1/querybatch can't be fetched: 401 " in failed.stderr


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/v1/querybatch", "/v1/vulns/GHSA-lib-0-1"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_another_try(alone: Host, libraries: Path, osv: OsvRules, path: str, status: int) -> None:
    """As often as conda's configuration says; then it is an error and no answer."""
    osv.fail[path] = [status, status]
    env = _env(osv, CONDA_REMOTE_MAX_RETRIES="2")
    assert _ids(alone.json("audit", cwd=libraries, env=env, code=1)) == FOUND
    osv.fail[path] = [status, status]
    done = alone.multiplat(
        "audit", cwd=libraries, env={**env, "CONDA_REMOTE_MAX_RETRIES": "1"}, code=3
    )
    assert done.stderr.startswith(f"error: {osv.url}{path} can't be fetched: {status} ")
    assert done.stdout == ""


def test_no_other_try(alone: Host, libraries: Path, osv: OsvRules) -> None:
    """What another try does not change."""
    osv.fail["/v1/querybatch"] = [403] * 5
    alone.multiplat("audit", cwd=libraries, env=_env(osv), code=3)
    assert osv.seen == ["/v1/querybatch"]


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("/v1/querybatch", b"<html>", "not JSON: "),
        ("/v1/querybatch", b"[]", "not a JSON object"),
        ("/v1/querybatch", b"\xff", "utf-8"),
        ("/v1/querybatch", b"{}", "not one result for each query"),
        ("/v1/querybatch", b'{"results": [{}]}', "not one result for each query"),
        ("/v1/querybatch", b'{"results": [3, {}, {}, {}, {}]}', "a result without ids"),
        (
            "/v1/querybatch",
            b'{"results": [{"vulns": [{}]}, {}, {}, {}, {}]}',
            "a result without ids",
        ),
        (
            "/v1/querybatch",
            b'{"results": [{"vulns": [{"id": "../../x"}]}, {}, {}, {}, {}]}',
            "an invalid id: '../../x'",
        ),
        ("/v1/vulns/", b'{"id": 3}', "id is not text: 3"),
        ("/v1/vulns/", b'{"id": "A", "affected": [3]}', "affected is not an object: 3"),
        ("/v1/vulns/", b'{"id": "A", "affected": []}', "another advisory, A"),
    ],
)
def test_odd_answers(
    alone: Host, libraries: Path, osv: OsvRules, path: str, content: bytes, message: str
) -> None:
    """Exit code 3 with the URL and what is odd."""
    osv.replace[path] = content
    done = alone.multiplat("audit", cwd=libraries, env=_env(osv), code=3)
    assert done.stderr.startswith(f"error: {osv.url}{path}")
    assert " sent an invalid response: " in done.stderr
    assert message in done.stderr
    assert len(done.stderr) < 500


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", ["/v1/querybatch", "/v1/vulns/"])
def test_redirect(
    alone: Host, libraries: Path, osv: OsvRules, tmp_path: Path, path: str, status: int
) -> None:
    """No other server answers: it would not have heard the question, and could call all clean."""
    with serve(tmp_path) as other:
        osv.fail[path], osv.location = [status] * 50, f"{other.url}/x".replace("//", "//me:secret@")
        done = alone.multiplat("audit", cwd=libraries, env=_env(osv), code=3)
        assert other.seen == []
    assert f" can't be fetched: {status} " in done.stderr
    assert f", to {other.url}/x\n" in done.stderr
    assert "secret" not in done.stderr


def test_endless_pages(alone: Host, libraries: Path, osv: OsvRules) -> None:
    """A service that always has another page."""
    result = b'{"next_page_token": "1"}'
    osv.replace["/v1/querybatch"] = b'{"results": [' + b",".join([result] * 5) + b"]}"
    done = alone.multiplat("audit", cwd=libraries, env=_env(osv), code=3)
    assert "more than 100 pages" in done.stderr
    assert len(osv.seen) == 100


@pytest.mark.slow
def test_silent_server(alone: Host, libraries: Path, osv: OsvRules) -> None:
    """It is waited for as long as conda's configuration says, and not as for a connection."""
    osv.delay["/v1/querybatch"] = 0.5
    env = _env(osv, CONDA_REMOTE_CONNECT_TIMEOUT_SECS="0.2", **ONCE)
    alone.multiplat("audit", cwd=libraries, env=env, code=1)
    env |= {"CONDA_REMOTE_READ_TIMEOUT_SECS": "0.2"}
    done = alone.multiplat("audit", cwd=libraries, env=env, code=3)
    assert f"{osv.url}/v1/querybatch can't be fetched: timed out" in done.stderr


@needs_openssl
def test_certificates(alone: Host, libraries: Path, tmp_path: Path) -> None:
    """Nobody's certificate is refused; ``ssl_verify`` names another authority, or takes any."""
    certificate = make_certificate(tmp_path)
    with osv_service([_about("lib-1", 0)], certificate) as rules:
        done = alone.multiplat("audit", cwd=libraries, env=_env(rules, **ONCE), code=3)
        assert "can't be fetched: " in done.stderr
        assert rules.seen == []
        for verify in (str(certificate[0]), "false"):
            env = _env(rules, CONDA_SSL_VERIFY=verify)
            assert _ids(alone.json("audit", cwd=libraries, env=env, code=1)) == ["GHSA-lib-1-0"]


def test_proxy(alone: Host, libraries: Path, osv: OsvRules, tmp_path: Path) -> None:
    """``proxy_servers`` of the configuration is asked; here it answers by itself."""
    condarc = tmp_path / "condarc"
    condarc.write_text(f"proxy_servers: {{http: {osv.url}}}\n", encoding="utf-8")
    env = {"CONDA_MULTIPLAT_OSV_URL": "http://osv.example.com", "CONDARC": str(condarc), **ONCE}
    done = alone.multiplat("audit", cwd=libraries, env=env, code=3)
    assert "http://osv.example.com/v1/querybatch can't be fetched: 404" in done.stderr
    assert osv.seen == ["http://osv.example.com/v1/querybatch"]


def test_nobody_there(alone: Host, libraries: Path, free_url: str) -> None:
    """A server that is not."""
    env = {"CONDA_MULTIPLAT_OSV_URL": free_url, **ONCE}
    done = alone.multiplat("audit", cwd=libraries, env=env, code=3)
    assert done.stderr == (
        f"error: {free_url}/v1/querybatch can't be fetched: Connection refused\n"
        "  or compare the locks with a downloaded database: --db FILE\n"
    )


@pytest.fixture
def free_url() -> str:
    """A URL where nobody answers."""
    with osv_service([]) as rules:
        return rules.url
