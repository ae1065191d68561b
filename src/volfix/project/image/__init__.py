"""Reads a service's Dockerfile: stages, owners of directories, files that the build puts into the image."""
