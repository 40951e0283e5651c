"""Text can't become markup."""

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markupsafe import Markup

from siked.report.markup import environment, fill, visible

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


def templated(value: object) -> str:
    return environment().from_string('<p title="{{ value }}">{{ value }}</p>').render(value=value)


def filled(value: object) -> str:
    return fill('<p title="{value}">{value}</p>', value=value)


@pytest.mark.parametrize("make", [templated, filled])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text_in_elements_and_attributes(
    hostile: str, make: Callable[[object], str]
) -> None:
    seen = parse(make(hostile))
    shown = hostile.replace("\u202e", "[U+202E]")
    assert seen.tags == [("p", [("title", shown)])]
    assert seen.text == shown


@given(st.text(st.characters()), st.sampled_from([templated, filled]))
def test_any_text_comes_back_as_the_text_of_one_element(anything: str, make: Callable[[object], str]) -> None:
    markup = make(anything)
    seen = parse(markup)
    assert [tag for tag, _ in seen.tags] == ["p"]
    assert seen.text == visible(anything)
    assert not any(ord(one) < 32 and one not in "\t\n" for one in markup)
    markup.encode()


def test_what_cannot_be_seen_is_shown() -> None:
    assert templated("a\x00b\x1bc\x7f") == '<p title="a\u2400b\u241bc\u2421">a\u2400b\u241bc\u2421</p>'
    assert visible("a\r\nb\rc\n") == "a\nb\nc\n"
    assert visible("\u202eabc") == "[U+202E]abc"
    assert visible("\ud800").encode() == "\ufffd".encode()


def test_markup_is_filled_in_as_it_is() -> None:
    inner = fill("<li>{n}</li>", n=1)
    assert fill("<ul>{inner}{text}</ul>", inner=inner, text="<2>") == "<ul><li>1</li>&lt;2&gt;</ul>"
    assert isinstance(inner, Markup)
    assert environment().from_string("{{ inner }}").render(inner=inner) == "<li>1</li>"


def test_a_name_that_is_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="missing"):
        environment().from_string("{{ missing }}").render()
