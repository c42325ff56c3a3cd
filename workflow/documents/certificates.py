"""Certificates: the office's own, and the service's authority, which gives each signing person one for that act alone.

All lie in one folder: `office.key` and `office.pem` (with the chain behind it, if there is one), `authority.key` and
`authority.pem`; `earlier.pem` holds the certificates that were in use before, if there were any,
and `tsa.pem` those of the time-stamping service, if there is one.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from models import now

# Whoever reads a signature sees by this word that nothing real was signed.
DEMONSTRATION = "Demonstration"
YEARS = timedelta(days=20 * 365)
# RSA, because signatures by elliptic curves belong to a later PDF than the one that archives take (PDF/A-2).
BITS = 3072
# Clocks differ a little.
SLACK = timedelta(minutes=5)
LONGEST_NAME = 64


class NoKey(Exception):
    """The service cannot sign: a key or a certificate is not there, cannot be read, or does not fit."""


@dataclass(frozen=True)
class Identity:
    """Who signs: a key, its certificate, and the certificates behind it."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def name(self) -> str:
        """Return the name in the certificate."""
        return named(self.certificate.subject, NameOID.COMMON_NAME)

    @property
    def organisation(self) -> str:
        """Return the organisation in the certificate."""
        return named(self.certificate.subject, NameOID.ORGANIZATION_NAME)

    @property
    def issuer(self) -> str:
        """Return the name of whoever vouches for the certificate."""
        return named(self.certificate.issuer, NameOID.COMMON_NAME)

    @property
    def fingerprint(self) -> str:
        """Return the certificate's SHA-256."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()


def office(folder: str) -> Identity:
    """Return the office's identity. Raises NoKey."""
    return _identity(folder, "office")


def authority(folder: str) -> Identity:
    """Return the identity of the service's authority. Raises NoKey."""
    return _identity(folder, "authority")


def for_act(folder: str, person: str, organisation: str, side: str) -> Identity:
    """Return an identity for one act of signing, which names the person, the organisation and the side.

    Its key is nowhere but in this object. Raises NoKey.
    """
    behind = authority(folder)
    key = _new_key()
    names = [
        x509.NameAttribute(NameOID.COMMON_NAME, person[:LONGEST_NAME]),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, side),
    ]
    certificate = _certificate(key, x509.Name([each for each in names if each.value]), behind)
    return Identity(key, certificate)


def anchors(folder: str) -> list[x509.Certificate]:
    """Return the certificates by which a signature of this service is known, now and from earlier. Raises NoKey."""
    return [_certificates(folder, "authority")[0], _certificates(folder, "office")[0], *_others(folder, "earlier")]


def stampers(folder: str) -> list[x509.Certificate]:
    """Return the certificates by which a time-stamping service is known. Raises NoKey."""
    return _others(folder, "tsa")


def is_demonstration(folder: str) -> bool:
    """Say whether what is signed here is marked as a demonstration; without certificates nothing can be signed."""
    try:
        return DEMONSTRATION in _certificates(folder, "authority")[0].subject.rfc4514_string()
    except NoKey:
        return False


def make_demonstration(folder: str) -> bool:
    """Make an authority and an office certificate that say they are a demonstration, unless there are any."""
    place = Path(folder)
    if any((place / f"{name}.{kind}").exists() for name in ("authority", "office") for kind in ("key", "pem")):
        return False
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    title = f"Kaimen {DEMONSTRATION}"
    key = _new_key()
    root = Identity(key, _certificate(key, _name(f"{title} Authority", title), None))
    office_key = _new_key()
    own = Identity(office_key, _certificate(office_key, _name(f"{title} Office", title), root))
    for name, each in (("authority", root), ("office", own)):
        _write(place / f"{name}.key", _pem(each.key), 0o600)
        _write(place / f"{name}.pem", each.certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return True


def named(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """Return one part of a name, or nothing where it lacks it."""
    return next((str(part.value) for part in name.get_attributes_for_oid(oid)), "")


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=BITS)


def _identity(folder: str, name: str) -> Identity:
    certificate, *chain = _certificates(folder, name)
    try:
        content = (Path(folder) / f"{name}.key").read_bytes()
        # Whether it is the certificate's is asked below; proving its primes each time would take longer than signing.
        key = serialization.load_pem_private_key(content, password=None, unsafe_skip_rsa_key_validation=True)
    except (OSError, ValueError, TypeError) as error:
        raise NoKey(f"{name}.key cannot be read: {type(error).__name__}") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise NoKey(f"{name}.key is not an RSA key")
    if key.public_key() != certificate.public_key():
        raise NoKey(f"{name}.key does not belong to {name}.pem")
    return Identity(key, certificate, tuple(chain))


def _others(folder: str, name: str) -> list[x509.Certificate]:
    """Return the certificates of a file that need not be there."""
    return _certificates(folder, name) if (Path(folder) / f"{name}.pem").exists() else []


def _certificates(folder: str, name: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates((Path(folder) / f"{name}.pem").read_bytes())
    except (OSError, ValueError) as error:
        raise NoKey(f"{name}.pem cannot be read: {type(error).__name__}") from error


def _certificate(key: rsa.RSAPrivateKey, subject: x509.Name, behind: Identity | None) -> x509.Certificate:
    """Return a certificate: of an authority where nobody stands behind it, else of somebody who signs documents."""
    moment: datetime = now()
    until = moment + YEARS if behind is None else behind.certificate.not_valid_after_utc
    public, signs = key.public_key(), behind.key if behind else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(behind.certificate.subject if behind else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - SLACK)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=behind is None, path_length=0 if behind is None else None), True)
        .add_extension(_usage(behind is None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signs.public_key()), False)
    )
    return builder.sign(signs, hashes.SHA256())


def _usage(of_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not of_authority,
        content_commitment=not of_authority,
        key_cert_sign=of_authority,
        crl_sign=of_authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, common), x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)]
    )


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file that nobody but its owner reads, not even for a moment."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as new:
        new.write(content)
