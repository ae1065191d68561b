"""What a service's image is made of: Dockerfile stages, owners, what a build puts where."""
