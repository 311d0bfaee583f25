"""A locked environment as an OCI image. Nothing is solved here, and no daemon is asked."""
