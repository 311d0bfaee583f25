"""What does the work behind the ports: rattler for conda packages. Nothing else imports it."""
