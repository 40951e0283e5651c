"""Text can't become markup."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siked.report.markup import Html, el, text

HOSTILE = [
    "<script>alert(1)</script>",
    "</pre></details><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "<!-- ",
    "]]><svg onload=alert(1)>",
    "&lt;b&gt; &amp;",
    "\u202ereversed",
]


class Seen(HTMLParser):
    """What a parser finds."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


def parse(markup: str) -> Seen:
    seen = Seen()
    seen.feed(markup)
    seen.close()
    return seen


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text_in_elements_and_attributes(hostile: str) -> None:
    seen = parse(el("p", hostile, title=hostile))
    shown = text(hostile).replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    shown = shown.replace("&#x27;", "'").replace("&amp;", "&")
    assert seen.tags == [("p", [("title", shown)])]
    assert seen.text == shown


@given(st.text())
def test_any_text_comes_back_as_the_text_of_one_element(anything: str) -> None:
    seen = parse(el("p", anything))
    assert seen.tags == [("p", [])]
    plain = anything.replace("\r\n", "\n").replace("\r", "\n")
    assert len(seen.text) >= len(plain)
    if plain.isprintable() and plain.isascii():
        assert seen.text == plain


def test_what_cannot_be_seen_is_shown() -> None:
    assert text("a\x00b\x1bc\x7f") == "a\u2400b\u241bc\u2421"
    assert text("a\r\nb\rc\n") == "a\nb\nc\n"
    assert text("\u202eabc") == "[U+202E]abc"
    assert text("\ud800").encode() == "\ufffd".encode()


def test_elements_nest_and_attributes_can_be_left_out() -> None:
    inner = [el("li", 1), None, el("li", "<2>")]
    assert el("ul", inner, class_="x", hidden=None) == '<ul class="x"><li>1</li><li>&lt;2&gt;</li></ul>'
    assert el("details", open=True, tab_index=0) == '<details open tab-index="0"></details>'
    assert el("meta", name="a") == '<meta name="a">'
    assert isinstance(el("p"), Html)
