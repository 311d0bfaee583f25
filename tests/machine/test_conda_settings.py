"""What conda's context says, as our commands take it."""

from __future__ import annotations

import warnings

from support.embedded_conda import install_alias

from conda_multiplat.machine import conda_settings


class _Unconfigured:
    """A context of conda 24.9 to 25.7 in which no channel is configured."""

    @property
    def channels(self) -> tuple[str, ...]:
        warnings.warn("Adding 'defaults' to channel list implicitly", FutureWarning, stacklevel=2)
        return ("defaults",)


def test_channels_that_conda_warns_of() -> None:
    """Taken as they are: the warning is for conda's own commands, and would be on each of ours."""
    install_alias()
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        channels = conda_settings._channels(_Unconfigured())
    assert channels == ("defaults",)
    assert [warning for warning in shown if warning.category is FutureWarning] == []
