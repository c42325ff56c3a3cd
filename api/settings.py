"""Every setting, its default, and what it is for; an environment variable of the same name overrides it."""

import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

DEFAULTS: dict[str, Any] = {
    # Where everything that the service writes is kept.
    "DATA_DIR": "var",
    # The database; empty means a SQLite file in DATA_DIR. postgresql://user:password@host/name in production.
    "DATABASE_URL": "",
    # Where files are kept; empty means a folder in DATA_DIR. s3://bucket/folder in production.
    "STORE_URL": "",
    # A command that looks at each file handed in, run with the file's path; it ends with 1 where the file is harmful.
    "SCANNER_COMMAND": "",
    # Where the keys and certificates lie by which documents are signed; empty means a folder in DATA_DIR.
    "SIGNING_DIR": "",
    # A service that confirms when something was signed (RFC 3161); empty means that none does.
    "TSA_URL": "",
    # A folder with fonts for documents; empty means those that come with the service.
    "FONTS_DIR": "",
    # The key that signs sessions; empty means one made at the first start and kept in DATA_DIR.
    "SECRET_KEY": "",
    # The key that seals the committee's opinions until the ballot closes; empty means one made at the first start and
    # kept in DATA_DIR, apart from the database.
    "SEALING_KEY": "",
    # The address under which people reach the service; used in letters.
    "PUBLIC_URL": "http://127.0.0.1:8000",
    # Shows the letters page, prints the demo people's passwords, and marks every page as a demonstration.
    "DEMO": False,
    # The mail server; empty means that letters stay in the service and are read there.
    "SMTP_HOST": "",
    "SMTP_PORT": 25,
    "SMTP_USER": "",
    "SMTP_PASSWORD": "",
    "SMTP_STARTTLS": False,
    "MAIL_FROM": "Kaimen <kaimen@localhost>",
    # The largest request that is read, in bytes.
    "MAX_CONTENT_LENGTH": 2 * 1024 * 1024,
    "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
    "MAX_FORM_PARTS": 1000,
    # Failed sign-ins and other costly requests that may come from one network address.
    "SIGN_IN_RATE": "10 per minute",
    # The same for one e-mail address, wherever the requests come from.
    "ACCOUNT_RATE": "10 per 10 minutes",
    "RATELIMIT_ENABLED": True,
    # Where attempts are counted; redis://host/0 counts those of several web processes together.
    "RATELIMIT_STORAGE_URI": "memory://",
    # How many proxies of ours stand before the service and name the visitor's address.
    "PROXIES": 0,
    # Cookies are sent over HTTPS alone; off only for work on one's own machine.
    "SESSION_COOKIE_SECURE": False,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "SESSION_COOKIE_HTTPONLY": True,
    # A session ends after this long, however busy it was.
    "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
    "SESSION_REFRESH_EACH_REQUEST": False,
    # A rendered form may be answered for this long; the person's text is kept when it has expired.
    "WTF_CSRF_TIME_LIMIT": 8 * 3600,
}


SWITCHES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}


def load(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the settings: defaults, then the environment, then what a test or caller overrides.

    Raises ValueError when a variable cannot be read as the kind of its default.
    """
    settings = dict(DEFAULTS)
    for name, default in DEFAULTS.items():
        if name in os.environ:
            settings[name] = read(name, os.environ[name], default)
    settings |= overrides or {}
    folder = Path(settings["DATA_DIR"]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    settings["DATA_DIR"] = str(folder)
    settings["SECRET_KEY"] = settings["SECRET_KEY"] or kept_secret(folder / "secret.key")
    settings["SEALING_KEY"] = settings["SEALING_KEY"] or kept_secret(folder / "sealing.key")
    # What people have written must not stand in the log beside a failed statement.
    settings.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {})["hide_parameters"] = True
    settings["SQLALCHEMY_DATABASE_URI"] = database_url(settings["DATABASE_URL"], folder)
    return settings


def read(name: str, text: str, default: Any) -> Any:
    """Read a variable's text as the kind of its default."""
    try:
        if isinstance(default, bool):
            return SWITCHES[text.lower()]
        if isinstance(default, int):
            return int(text)
        if isinstance(default, timedelta):
            return timedelta(seconds=int(text))
    except (KeyError, ValueError) as error:
        raise ValueError(f"The setting {name} cannot be {text!r}.") from error
    return text


def kept_secret(file: Path) -> str:
    """Return the key kept in a file that only its owner can read, made at the first call."""
    try:
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as new:
            new.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return file.read_text()


def database_url(url: str, folder: Path) -> str:
    """Return the address SQLAlchemy understands; empty means the SQLite file of a folder."""
    if not url:
        return f"sqlite:///{folder / 'kaimen.sqlite'}"
    for short in ("postgres://", "postgresql://"):
        if url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    return url
