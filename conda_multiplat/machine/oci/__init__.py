"""OCI images on disk: write layers and layouts, and read those of others."""
