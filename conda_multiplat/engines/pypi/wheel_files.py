"""Download and verify wheels as files: uv keeps them unpacked and has no download command.

Each comes from its locked URL. If a mirror replaces PyPI, the mirror's project page (PEP 503) has
the URL of the file with that name; its hash must be the locked one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urljoin

from conda_multiplat.engines.conda.access import Channels, client
from conda_multiplat.engines.conda.downloads import Fetched, File, download, download_texts
from conda_multiplat.engines.pypi.install import UvInstaller
from conda_multiplat.machine.conda_settings import Settings
from conda_multiplat.machine.progress import Progress
from conda_multiplat.vocabulary.channels import file_of, without_login
from conda_multiplat.vocabulary.records import PypiRecord, Record


def download_wheels(
    records: Sequence[PypiRecord],
    folder: Path,
    base: Path,
    installer: UvInstaller,
    *,
    candidates: Mapping[Record, Path] = MappingProxyType({}),
    settings: Settings,
    progress: Progress,
) -> dict[PypiRecord, Fetched]:
    """Download wheels, or other files, for this or another machine, and verify them.

    Args:
        records: the packages; each is a file with a SHA-256.
        folder: an empty folder for the downloads.
        base: the lock's folder, the base of relative paths.
        installer: has the indexes, their logins, and the mirror of PyPI.
        candidates: local files that may be some of them; used in place.
        settings: for the proxy and TLS.
        progress: gets a step for each package.

    Raises:
        OutsideError: a wheel can't be downloaded, or does not have the locked hash.
    """
    if not records:
        return {}
    ours = client(settings, Channels(settings, base), installer.logins())
    mirrored = [record for record in records if installer.is_mirrored(record)]
    page_of = {record: _page(installer.mirror, record.name) for record in mirrored}
    pages = download_texts(list(page_of.values()), folder, ours, settings) if mirrored else {}
    links = {record: _links(pages[url], url) for record, url in page_of.items()}
    files = {record: _file(record, base, links.get(record, {})) for record in records}
    wheels = list(files.values())
    may_be = {
        files[candidate]: path for candidate, path in candidates.items() if candidate in files
    }

    def known(file: File) -> Sequence[Path]:
        return [may_be[file]] if file in may_be else []

    fetched = download(wheels, folder, ours, known, settings=settings, progress=progress)
    return {record: fetched[file] for record, file in files.items()}


def _file(record: PypiRecord, base: Path, links: Mapping[str, str]) -> File:
    url = links.get(file_of(record.url), record.url).partition("#")[0]
    place = url if "://" in url else str(base / url)
    return File(record.name, place, (record.sha256 or "").lower(), (record.md5 or "").lower())


def _page(index: str, project: str) -> str:
    return f"{without_login(index).rstrip('/')}/{project}/"


def _links(page: str, url: str) -> dict[str, str]:
    """Return the links of a project's page of an index, by file name."""
    parser = _Links()
    parser.feed(page)
    return {file_of(link): urljoin(url, link) for link in parser.links}


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if tag == "a" and name == "href" and value]
