"""What a service's code says of its database: URLs, the libraries that read them, literals, settings files."""
