"""Commands for whoever runs the service: `flask <name>`."""
