"""What the plugin adds to conda's own commands. It runs inside conda and imports it late."""
