"""The commands of the service; each is one line in `create_app`."""
