"""The Docker engine: carry data between mounts, count rows."""
