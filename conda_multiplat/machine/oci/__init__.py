"""OCI images on disk: layers written, layouts written, and those of others read."""
