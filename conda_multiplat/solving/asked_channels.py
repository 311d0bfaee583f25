"""The channels that a request is solved with: its own, and those that a MatchSpec alone names."""

from __future__ import annotations

from conda_multiplat.solving.requests import SolveRequest
from conda_multiplat.vocabulary.match_spec import parse_spec


def asked_channels(request: SolveRequest) -> list[str]:
    """As the manifest names them; those that only a MatchSpec names come last, as in conda."""
    of_specs = (parse_spec(requirement.text).channel for requirement in request.requirements)
    return list(dict.fromkeys((*request.channels, *filter(None, of_specs))))
