"""What can be shown of a text while it is written."""

from __future__ import annotations

from collections.abc import Mapping


class Visible:
    """A text on its way, told part by part: without the tag that begins it and the white space around it,
    so that the parts shown are the start of the whole text as it is shown in the end."""

    def __init__(self, tags: Mapping[str, str], strategy: str = "") -> None:
        """``tags`` by strategy; ``strategy`` is the one that was asked for, whose tag is not in the text."""
        self._tags = tags
        self._raw = ""
        self._shown = ""
        self.strategy: str | None = strategy or None
        """The strategy: None while it is not known, empty where the text begins with no tag."""
        self._forced = bool(strategy)

    def add(self, at: int, part: str) -> str:
        """Take a part that stands at the character ``at`` of the text; return what can be shown now. Parts
        that are told again change nothing."""
        if at > len(self._raw):
            return ""
        self._raw += part[len(self._raw) - at :]
        body = self._body()
        return "" if body is None else self._show(body.rstrip())

    def rest(self, whole: str) -> str:
        """Return what is left to show of the whole text."""
        return self._show(whole)

    def _show(self, text: str) -> str:
        if not text.startswith(self._shown):
            return ""
        new = text[len(self._shown) :]
        self._shown = text
        return new

    def _body(self) -> str | None:
        """Return what follows the tag; None while it may still be one that is being written."""
        text = self._raw.lstrip()
        if self._forced or self.strategy == "":
            return text
        for name, tag in self._tags.items():
            if text.startswith(tag):
                self.strategy = name
                return text[len(tag) :].lstrip(":").lstrip()
        if any(tag.startswith(text) for tag in self._tags.values()):
            return None
        self.strategy = ""
        return text
