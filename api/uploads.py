"""Uploads: where larger requests are read, and that no transaction waits for a slow sender."""

from flask import Flask, request, session

from api.security import SAFE
from workflow import files
from workflow.fields import Attachments
from workflow.stages import STEPS

# What a form says besides its files.
WORDS = 2 * 1024 * 1024
# The largest file that a clerk hands over in a page; larger ones come in by command.
MOST_DATA = 50 * 1024 * 1024
# The endpoints that read more than other requests, each with how much.
ROOM = {
    "files.hand_in": files.MOST + WORDS,
    "v1_files.hand_in_file": files.MOST,
    "data.load": MOST_DATA + WORDS,
    "v1_data.load_data": MOST_DATA,
}


def register(app: Flask) -> None:
    """Read what is sent before anything is asked of the database; SQLite lets one writer in at a time."""
    for step in STEPS.values():
        if any(isinstance(field, Attachments) for field in step.answer().load_fields.values()):
            ROOM[f"{step.role.value}.{step.name}"] = files.MOST_OF_CASE + WORDS
    app.before_request(receive)


def receive() -> None:
    """Read the request to its end, as far as it is one to be read.

    :raises RequestEntityTooLarge: it is larger than its endpoint allows
    :raises ClientDisconnected: it broke off on its way
    """
    if request.method in SAFE or request.endpoint is None:
        return
    # Whoever shows neither a session nor a token sends nothing large.
    if request.endpoint in ROOM and ("_user_id" in session or request.authorization):
        request.max_content_length = ROOM[request.endpoint]
    if request.mimetype == "multipart/form-data":
        # Reading one part reads them all; the files lie in files of their own until they are looked at.
        request.form.get("")
    elif request.endpoint not in ROOM:
        request.get_data()
