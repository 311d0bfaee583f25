"""Reading what is to become a manifest: environment files, pixi manifests, locks, environments."""
