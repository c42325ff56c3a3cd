"""The service as a WSGI application."""

from api import create_app

app = create_app()
