"""Data of locked records that channels state but locks don't have: licences."""

from __future__ import annotations

from collections.abc import Sequence

import rattler

from conda_multiplat.engines.conda.repodata import Repodata
from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.channels import public_name
from conda_multiplat.vocabulary.match_spec import is_package_name
from conda_multiplat.vocabulary.package_facts import PackageFacts
from conda_multiplat.vocabulary.records import CondaRecord

#: The note on a record that none of the manifest's channels has.
GONE = "its channel no longer has it"


async def stated_facts(
    repodata: Repodata, request: SolveRequest, records: Sequence[CondaRecord]
) -> dict[str, PackageFacts]:
    """Return what the request's channels state about records, by name; records are found by URL.

    Raises:
        GatewayError: a channel can't be read.
    """
    names = [record.name for record in records if is_package_name(record.name)]
    # Locked records count even if they are too new today.
    channel_records = await repodata.known(request, names, unseen=True) if names else []
    stated = {public_name(record.url): _facts(record) for record in channel_records}
    return {record.name: stated.get(record.url, PackageFacts(missing=GONE)) for record in records}


def _facts(record: rattler.RepoDataRecord) -> PackageFacts:
    return PackageFacts(record.license or "", record.license_family or "")
