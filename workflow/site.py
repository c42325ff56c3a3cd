"""The site on which background work runs: its address, its mail server, and its languages."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class MailServer:
    """Where letters are handed over to be carried, and in whose name."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    starttls: bool = False


def verbatim(text: str, language: str) -> str:
    """Return a text as it is."""
    return text


@dataclass(frozen=True)
class Site:
    """What a piece of background work must know of the place it runs in."""

    # The address under which people reach the service, without a slash at the end.
    url: str
    # Without a server, letters are read in the service alone.
    mail: MailServer | None = None
    # Says a sentence of the code in a language ("zh", "en").
    say: Callable[[str, str], str] = verbatim
    # Where files are kept: a folder, or the address of a bucket.
    store: str = ""
    # The command that looks at files which people hand in; empty means that none does.
    scanner: str = ""
    # The folder with the keys and certificates by which documents are signed.
    signing: str = ""
    # The address of a service that confirms when something was signed; empty means that none does.
    tsa: str = ""
    # A folder with the fonts of documents; empty means those that come with the service.
    fonts: str = ""
    # What the secrets of second factors are locked with.
    secret: str = field(default="", repr=False)
    # What the opinions of the committee are sealed with; it is kept apart from the database.
    seal: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """Return the name of the host, as it stands in the marks of letters."""
        return urlsplit(self.url).hostname or "localhost"


# Set once by whoever builds the service: says on which site a piece of work runs that is not handed one.
_find: list[Callable[[], Site]] = []


def found_by(find: Callable[[], Site]) -> None:
    """Say how the site is found on which work runs."""
    _find[:] = [find]


def current() -> Site:
    """Return the site on which this work runs."""
    return _find[0]()
