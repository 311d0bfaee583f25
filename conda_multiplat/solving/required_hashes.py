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
    """The lines whose hashes are not those of what is locked for them, with that.

    What conda provides is no file of an index, and is not looked at.
    """
    for line in lines:
        if not line.text.startswith(HASH):
            continue
        hashes, asked = split_hashes(line.text)
        if not holds_for(asked, subdir, python):
            continue
        record = _record(asked, records)
        if record and (record.is_folder or record.sha256 not in hashes):
            yield line._replace(text=asked), record


def _record(asked: str, records: Mapping[str, PypiRecord]) -> PypiRecord | None:
    place = place_of(asked)
    if place and not place.name:
        where = str(place._replace(marker=""))
        return next((record for record in records.values() if is_at(where, record.url)), None)
    return records.get(canonicalize_name(Pep508(asked).name))


def hash_message(record: PypiRecord) -> str:
    """What is wrong with a record whose line asks for another hash."""
    if record.is_folder or not record.sha256:
        return f"{record.name} {record.version} is not locked as a file that has a hash"
    file = record.url.partition("#")[0].rpartition("/")[2]
    return f"none of the line's hashes is that of {file}, sha256:{record.sha256}"
