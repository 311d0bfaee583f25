"""Compare hashes in lines of ``pip:`` (``pkg==1 --hash=sha256:…``) with the locked files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from packaging.requirements import Requirement as Pep508
from packaging.utils import canonicalize_name

from conda_multiplat.manifest.model import Requirement
from conda_multiplat.vocabulary.markers import holds_for
from conda_multiplat.vocabulary.pip_entries import split_hashes
from conda_multiplat.vocabulary.pip_options import HASH
from conda_multiplat.vocabulary.pip_places import is_at, place_of
from conda_multiplat.vocabulary.records import PypiRecord


def hash_faults(
    lines: Iterable[Requirement], records: Mapping[str, PypiRecord], subdir: str, python: str
) -> Iterator[tuple[Requirement, PypiRecord]]:
    """Yield the lines whose hashes don't match the record that is locked for them, with it.

    Packages that conda provides are not checked: they are not files of an index.
    """
    for line in lines:
        if not line.text.startswith(HASH):
            continue
        hashes, requirement = split_hashes(line.text)
        if not holds_for(requirement, subdir, python):
            continue
        record = _record(requirement, records)
        if record and (record.is_folder or record.sha256 not in hashes):
            yield line._replace(text=requirement), record


def _record(requirement: str, records: Mapping[str, PypiRecord]) -> PypiRecord | None:
    place = place_of(requirement)
    if place and not place.name:
        where = str(place._replace(marker=""))
        return next((record for record in records.values() if is_at(where, record.url)), None)
    return records.get(canonicalize_name(Pep508(requirement).name))


def hash_message(record: PypiRecord) -> str:
    """Return the message for a record that has none of its line's hashes."""
    if record.is_folder or not record.sha256:
        return f"{record.name} {record.version} is locked without a hash"
    file = record.url.partition("#")[0].rpartition("/")[2]
    return f"none of the line's hashes matches {file}, which has sha256:{record.sha256}"
