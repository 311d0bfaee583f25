"""Build an OCI image of a locked environment, without a solve or a daemon."""
