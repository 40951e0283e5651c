"""Exact arithmetic on short expressions of numbers; shared by extraction and by the flags."""

from __future__ import annotations

import re
from fractions import Fraction

from siked.answers.values import MAX_DIGITS

_TOKEN = re.compile(r"\s*(?:(?P<number>\d[\d,]*(?:\.\d+)?|\.\d+)(?P<percent>\s?%)?|(?P<op>\*\*|[-+*/^()]))")
_MAX_TOKENS = 128
_MAX_BITS = 4096


class _Stuck(Exception):
    """The text is no expression that can be evaluated here."""


def evaluate(text: str) -> Fraction | None:
    """Return the exact value of an expression with ``+ - * / ^ ** % ( )``, or None if it has none.

    >>> evaluate("(5 + 3) * 2 / 3")
    Fraction(16, 3)
    >>> evaluate("5 / 0") is None, evaluate("5 + x") is None
    (True, True)
    """
    tokens: list[str | Fraction] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or len(tokens) >= _MAX_TOKENS:
            return None
        if found["op"]:
            tokens.append("^" if found["op"] == "**" else found["op"])
        else:
            number = read_number(found["number"])
            if number is None:
                return None
            tokens.append(number / 100 if found["percent"] else number)
        at = found.end()
    if not tokens:
        return None
    try:
        parser = _Parser(tokens)
        value = parser.sum()
    except (_Stuck, ZeroDivisionError):
        return None
    return value if parser.at == len(tokens) else None


def read_number(text: str) -> Fraction | None:
    """Read digits with thousands commas and a decimal point; None for too many digits."""
    digits = text.replace(",", "")
    if len(digits) > MAX_DIGITS or digits in ("", "."):
        return None
    whole, _, tail = digits.partition(".")
    return Fraction(int((whole or "0") + tail), 10 ** len(tail))


class _Parser:
    """Recursive descent: sums of products of powers of signed atoms."""

    def __init__(self, tokens: list[str | Fraction]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def peek(self) -> str | Fraction | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def sum(self) -> Fraction:
        value = self.product()
        while self.peek() in ("+", "-"):
            sign = self.tokens[self.at]
            self.at += 1
            other = self.product()
            value = value + other if sign == "+" else value - other
        return value

    def product(self) -> Fraction:
        value = self.signed()
        while (token := self.peek()) in ("*", "/", "("):
            if token != "(":
                self.at += 1
            other = self.signed()
            value = value / other if token == "/" else value * other
            if value.numerator.bit_length() > _MAX_BITS or value.denominator.bit_length() > _MAX_BITS:
                raise _Stuck
        return value

    def signed(self) -> Fraction:
        if self.peek() in ("-", "+"):
            sign = self.tokens[self.at]
            self.at += 1
            value = self.signed()
            return -value if sign == "-" else value
        return self.power()

    def power(self) -> Fraction:
        base = self.atom()
        if self.peek() != "^":
            return base
        self.at += 1
        exponent = self.signed()
        if (
            exponent.denominator != 1
            or abs(exponent) * max(base.numerator.bit_length(), base.denominator.bit_length()) > _MAX_BITS
        ):
            raise _Stuck
        return base**exponent.numerator

    def atom(self) -> Fraction:
        token = self.peek()
        self.at += 1
        if isinstance(token, Fraction):
            return token
        if token == "(" and self.depth < 32:
            self.depth += 1
            value = self.sum()
            self.depth -= 1
            if self.peek() != ")":
                raise _Stuck
            self.at += 1
            return value
        raise _Stuck
