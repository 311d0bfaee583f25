"""What the tests stand on: real condas to run in, real packages, channels and a server."""
