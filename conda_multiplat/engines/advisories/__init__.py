"""Sources of advisories: a downloaded database, or a service with OSV's API."""
