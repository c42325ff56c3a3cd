"""Refusals: what the door answers when something may not be done. The docstring is what the person reads."""


class Refused(Exception):
    """This cannot be done now."""

    status = 409

    @property
    def sentence(self) -> str:
        """Return the sentence that the person reads, to be translated where it is shown."""
        return (type(self).__doc__ or "").strip()


class NotFound(Refused):
    """There is nothing here, or it is not for you."""

    status = 404


class NotYours(Refused):
    """This step belongs to somebody else."""

    status = 403


class NotApart(NotYours):
    """Another person must do this: you have already acted on this case in a part that has to stay separate."""


class NotOpen(Refused):
    """This step does not wait for an answer: it has been answered, or the case has moved on."""


class Held(Refused):
    """A colleague has taken this step; ask them, or take it over from the work list."""


class Repeated(Refused):
    """This form has already been sent with other content; open the step again to see what was recorded."""


class Rewritten(Refused):
    """The person has gone on writing since this failed; only they can hand in what stands there now."""


class Failed(Refused):
    """Something on our side went wrong; nothing was changed, your text is kept, and the office has been told."""

    status = 503
