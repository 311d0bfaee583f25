"""Read pixi's manifests for ``import``."""
