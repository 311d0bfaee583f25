"""What ``add``, ``remove`` and ``platform`` share: a manifest as it will be, locked, written."""
