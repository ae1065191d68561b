"""What Compose files mean: merging, services, mounts, environment, interpolation, and which files make a project."""
