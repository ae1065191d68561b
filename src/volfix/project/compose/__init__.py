"""Reads Compose files as Compose does: which files form a project, merging, services, mounts, environment."""
