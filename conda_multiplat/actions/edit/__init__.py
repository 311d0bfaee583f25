"""Steps shared by ``add``, ``remove`` and ``platform``: edit a manifest, lock it, write both."""
