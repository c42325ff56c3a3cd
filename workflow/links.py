"""Links in letters: signed words that prove that whoever holds them can read a mailbox."""

from itsdangerous import BadData, URLSafeTimedSerializer

from models import User, db
from workflow.errors import Refused

CONFIRM, RESET = "confirm", "reset"
# How many hours the link of a letter can be used.
HOURS = {CONFIRM: 48, RESET: 2}


class LinkExpired(Refused):
    """The link is no longer valid: it has been used, is too old, or was replaced by a newer one."""

    status = 410


class Links:
    """Make and read the links of letters."""

    def __init__(self, secret: str, public_url: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret)
        self._public_url = public_url.rstrip("/")

    def make(self, purpose: str, user: User) -> str:
        """Return an address at which one person can do one thing, until their password changes.

        :param purpose: `CONFIRM` or `RESET`, which is also the word in the address
        """
        token = self._serializer.dumps([user.id, user.epoch], salt=self._salt(purpose))
        return f"{self._public_url}/{purpose}/{token!s}"

    def read(self, purpose: str, token: str) -> User:
        """Return the person whose link this is.

        :raises LinkExpired: it was not made here, or not for this, or is too old, or the password has changed since
        """
        try:
            user_id, epoch = self._serializer.loads(token, max_age=HOURS[purpose] * 3600, salt=self._salt(purpose))
        except (BadData, ValueError, TypeError):
            raise LinkExpired() from None
        user = db.session.get(User, user_id)
        if user is None or user.epoch != epoch or user.closed_at is not None:
            raise LinkExpired()
        return user

    @staticmethod
    def _salt(purpose: str) -> str:
        return f"letter-{purpose}"
