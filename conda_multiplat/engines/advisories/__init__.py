"""Where advisories come from: a downloaded database, or a service that speaks OSV's protocol."""
