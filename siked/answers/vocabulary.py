"""Word lists, written as running text."""

from __future__ import annotations


def vocabulary(text: str) -> list[str]:
    """Return the words of ``text``.

    >>> vocabulary("no none nothing")
    ['no', 'none', 'nothing']
    """
    return text.split()


def either(text: str) -> str:
    """Return a pattern that matches one of the phrases of ``text``; they are separated by bars.

    Spaces in a phrase stand for any white space.

    >>> either("as a result | so")
    '(?:as\\\\s+a\\\\s+result|so)'
    """
    phrases = (phrase.split() for phrase in text.split("|"))
    return "(?:" + "|".join(r"\s+".join(words) for words in phrases) + ")"
