"""What a run tells whoever watches it. The command line draws bars from it, Python may ignore it."""

from __future__ import annotations


class Reporter:
    """Receives progress; this one says nothing. Override what is of interest."""

    def begin(self, label: str, total: int | None) -> None:
        """A piece of work starts; ``total`` items where that is known."""

    def advance(self, done: int) -> None:
        """``done`` items of the current piece are finished in all."""

    def end(self) -> None:
        """The current piece is finished."""

    def left(self, seconds: float) -> None:
        """The whole run takes about ``seconds`` more, as far as its finished steps tell."""

    def note(self, text: str) -> None:
        """One line that a person should see."""
