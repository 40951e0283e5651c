"""Whom to ask and with which key: checked before anything is sent, and never shown."""

from __future__ import annotations

import os
import re
from urllib.parse import parse_qsl, urlsplit

from siked.errors import ConfigError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_KEY_STARTS = ("sk-", "sk_", "gsk_", "hf_", "xai-", "pplx-", "nvapi-", "r8_", "AIza", "fw_", "csk-", "key-")
_SECRET = re.compile(r"key|token|secret|passw|signature|^sig$", re.IGNORECASE)
_USER = re.compile(r"//[^/\s@]{1,512}@")


def check_key_name(name: str) -> None:
    """Raise :class:`ConfigError`, which leaves out what was given, where it can be no variable's name."""
    like_key = name.startswith(_KEY_STARTS) or (
        len(name) >= 20 and re.search(r"[a-z]", name) and re.search(r"\d", name) and name not in os.environ
    )
    if like_key or not _NAME.fullmatch(name):
        raise ConfigError(
            "api_key_env takes the name of an environment variable, such as OPENAI_API_KEY; what was given"
            f" ({len(name)} characters, not shown) looks like a key or is no name. If it is a key, it stands"
            " where it was written: take it out there"
        )


def read_key(name: str) -> str:
    """Return the key in an environment variable, without white space around it; '' where it is not set."""
    key = os.environ.get(name, "").strip()
    if key[:1] in "\"'" and key[:1] == key[-1:]:
        key = key[1:-1].strip()
    if not key.isascii() or not all(char.isprintable() and char != " " for char in key):
        raise ConfigError(
            f"the key in the environment variable {name} ({len(key)} characters) holds a line end, a space or"
            " another character that no key has; set it anew"
        )
    return key


def check_url(url: str, where: str = "base_url") -> None:
    """Raise :class:`ConfigError` where a URL is none or holds a secret; the secret is left out."""
    try:
        parts = urlsplit(url)
        names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
        secret = "@" in parts.netloc or any(_SECRET.search(name) for name in names)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        secret, whole = "@" in url, False
    if secret:
        raise ConfigError(
            f"{where} holds a password or key, which would be stored and shown; take it out and put the key"
            " into the environment variable that api_key_env names"
        )
    if not whole:
        raise ConfigError(f"{where} is {url!r}; it must look like http://localhost:8000/v1")


class Mask:
    """Takes the key, and passwords in URLs, out of texts that are shown or stored."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, text: str, most: int = 300) -> str:
        """Return ``text`` on one line, masked, then cut to ``most`` characters."""
        # The key goes first: cut before, its beginning could stay at the end.
        text = text[: 100 * most]
        if self.key:
            text = text.replace(self.key, "***")
        return " ".join(_USER.sub("//***@", text).split())[:most]
