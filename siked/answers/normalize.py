"""Taking the dress off a short span: unicode glyphs, LaTeX, Markdown, currency, calculator marks.

Every function here is handed at most a few hundred characters.
"""

from __future__ import annotations

import math
import re
import unicodedata

_GLYPHS: dict[int, str] = {
    **dict.fromkeys(map(ord, "\u2212\u2013\u2010\u2011\u2012\ufe63\uff0d\u2796\u207b"), "-"),
    **dict.fromkeys(map(ord, "\u00d7\u22c5\u00b7\u2219\u2217\u2715\u2716"), "*"),
    **dict.fromkeys(map(ord, "\u00f7\u2044\u2215"), "/"),
    **dict.fromkeys(map(ord, "\u2248\u2245\u2243\u2252"), " ≈ "),
    **dict.fromkeys(map(ord, "\u2192\u21d2\u27f9\u27f6"), " = "),
    **dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u2032"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d\u2033"), '"'),
    **dict.fromkeys(
        map(ord, "\u00a0\u2007\u2009\u202f\u200a\u2002\u2003\u2004\u2005\u2006\u2008\u3000"), " "
    ),
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\u2060\u00ad"), ""),
    ord("\u2014"): " ; ",
    ord("\u2022"): " ",
    ord("\u00b0"): " degrees ",
    ord("\u00ba"): " degrees ",
    ord("\u3002"): ". ",
    ord("\u221a"): " sqrt",
    ord("\u221e"): " infinity ",
    ord("\u03c0"): " pi ",
    ord("\u2236"): ":",
}
_GLYPHS |= {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
for _zero in (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50):
    _GLYPHS |= {_zero + digit: str(digit) for digit in range(10)}
for _glyph in "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞":
    _GLYPHS[ord(_glyph)] = " " + unicodedata.normalize("NFKC", _glyph).replace("\u2044", "/") + " "

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUPERSCRIPT = re.compile("[⁻⁰¹²³⁴-⁹]+")
_SUBSCRIPT = re.compile("[₀-₉]+")

_DOLLARS = re.compile(r"\b(?:US|A|C|CA|AU|NZ|HK|S|R)\$")
_CURRENCY_AFTER = re.compile(r"(?<=[A-Za-z0-9])\s?[$€£¥₹₽₩₪฿]+")
_CURRENCY = re.compile(r"[$€£¥₹₽₩₪฿]+\s?")
_CODES = re.compile(r"\b(?:USD|EUR|GBP|CAD|AUD|INR|Rs\.?|rupees)\s?(?=\d)", re.IGNORECASE)
_BOLD = re.compile(
    r"\*\*(?!\d)|(?<![\d)])\*\*|__|`+|(?<!\S)[*_](?=[^\s*_\d])|^\s*[*_](?=\d)"
    r"|(?<=[^\s*_\d)])[*_](?=[\s.,;:!?]|$)|(?<![\d)]\s)[*_]+(?=[\s.,;:!?]*$)"
)
_MARK = re.compile(r"<<[^<>]{0,400}?=?([^<>=]{0,60})>>(\s*[$]?\s*-?[.\d])?")
_SPACES = re.compile(r"[ \t]{2,}|\t")
_TAGS = re.compile(r"</?(?:b|i|u|em|strong|p|br|span|div|sub|code|answer)\b[^<>]{0,80}>", re.IGNORECASE)

_UNIT_POWER = re.compile(
    r"(?<![A-Za-z])([mck]m|m|ft|in|inch(?:es)?|yds?|mi|s|sec|meters?|feet|units?|miles?)\s?\^\s?\{?-?[23]\}?(?!\d)"
)
_TEXT = re.compile(
    r"\\(?:text|mathrm|textbf|mathbf|textit|mbox|hbox|operatorname|textrm|mathit|mathsf)\s*\{([^{}]*)\}"
)
_FRAC = re.compile(r"(\d\s*)?\\[dtc]?frac\s*(?:\{([^{}]*)\}|(\d))\s*(?:\{([^{}]*)\}|(\d))")
_SQRT = re.compile(r"\\sqrt\s*(?:\{([^{}]*)\}|(\d))")
_BOXED = re.compile(r"\\f?boxed\s*\{([^{}]*)\}")
_UP = re.compile(r"\^\s*\{\s*([^{}]*?)\s*\}")
_COMMANDS = (
    (re.compile(r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|limits|!)(?![A-Za-z])"), ""),
    (re.compile(r"\^?\s*\{?\s*\\(?:circ|degree)\s*\}?"), " degrees "),
    (re.compile(r"\\(?:times|cdot|ast|star)(?![A-Za-z])"), " * "),
    (re.compile(r"\\div(?![A-Za-z])"), " / "),
    (re.compile(r"\\(?:approx|simeq|cong|sim|thickapprox)(?![A-Za-z])"), " ≈ "),
    (re.compile(r"\\(?:implies|Rightarrow|rightarrow|to|longrightarrow|Longrightarrow)(?![A-Za-z])"), " = "),
    (re.compile(r"\\(?:pm|mp)(?![A-Za-z])"), " ± "),
    (re.compile(r"\\infty(?![A-Za-z])"), " infinity "),
    (re.compile(r"\\(?:[,;: ]|q?quad(?![A-Za-z])|thinspace)|~"), " "),
    (re.compile(r"\\([%$#&_])"), r"\1"),
    (re.compile(r"\\[()\[\]]"), " "),
    (re.compile(r"\\\\"), " ; "),
)
_COMMAND = re.compile(r"\\([A-Za-z]+)")


def plain(span: str) -> str:
    """Return ``span`` as plain ASCII-like text: ``\\frac{1}{2}`` is ``1/2``, a long minus a short one."""
    if not span.isascii():
        span = _SUPERSCRIPT.sub(lambda found: "^" + found.group().translate(_SUPERSCRIPTS), span)
        span = _SUBSCRIPT.sub("", span).translate(_GLYPHS)
    if "  " in span or "\t" in span:
        span = _SPACES.sub(" ", span)
    if "<" in span:
        span = _TAGS.sub(" ", _marks(span))
    if "\\" in span or "{" in span:
        span = latex(span)
    if "^" in span:
        span = _UNIT_POWER.sub(r"\1", span)
    if "*" in span or "`" in span or "_" in span:
        span = _BOLD.sub("", span)
    return money(span)


def money(span: str) -> str:
    """Drop currency signs and codes before or after a number; a sign before them stays."""
    if "$" in span or not span.isascii():
        span = _DOLLARS.sub(" ", span)
        # Two spaces: "5 $500 cards" is not 5500.
        span = _CURRENCY_AFTER.sub("  ", span)
        span = _CURRENCY.sub("", span)
    return _CODES.sub("", span)


def _marks(span: str) -> str:
    """Drop GSM8K's ``<<3*4=12>>``; where no number stands behind it, its result takes its place."""
    if "<<" not in span:
        return span
    return _MARK.sub(lambda found: found[2] or f" {found[1]} ", span)


def latex(span: str) -> str:
    """Return ``span`` without LaTeX, for what answers are made of."""
    span = span.replace("{,}", ",").replace("\\!", "")
    for pattern, text in _COMMANDS:
        span = pattern.sub(text, span)
    for _ in range(3):
        before = span
        span = _TEXT.sub(r" \1 ", span)
        span = _FRAC.sub(_fraction, span)
        span = _SQRT.sub(_root, span)
        span = _BOXED.sub(r" \1 ", span)
        span = _UP.sub(r"^\1", span)
        if span == before:
            break
    span = _COMMAND.sub(r" \1 ", span)
    return span.replace("{", "").replace("}", "").replace("\\", " ")


def _root(found: re.Match[str]) -> str:
    """The root of a square number; anything else stays a root, which is no number here."""
    inner = (found[1] or found[2] or "").strip()
    if inner.isdigit() and len(inner) <= 12 and math.isqrt(int(inner)) ** 2 == int(inner):
        return f" {math.isqrt(int(inner))} "
    return " sqrt "


def _fraction(found: re.Match[str]) -> str:
    top = (found[2] if found[2] is not None else found[3]).strip()
    bottom = (found[4] if found[4] is not None else found[5]).strip()
    whole = f"{found[1].strip()} " if found[1] else ""
    simple = all(re.fullmatch(r"[-+]?[\d.,]+", part) for part in (top, bottom))
    return f"{whole}{top}/{bottom}" if simple else f"{whole}({top})/({bottom})"
