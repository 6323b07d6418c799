"""Text stays text: what is not HTML already is escaped wherever it stands."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirflow.docs.markup import Markup, code, element, html, joined
from redirflow.docs.prose import phrase, prose

HOSTILE = "</p><script>alert(1)</script><img src=x onerror='alert(2)'>\"&amp;"


class Reader(HTMLParser):
    """The tags and the text of a piece of HTML, as a browser sees them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.values = [], "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.values += [value for _, value in attrs]

    def handle_data(self, data):
        self.text += data


PLAIN = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"))


@given(PLAIN)
def test_text_in_an_element_stays_text(text):
    read = Reader(element("p", text))

    assert (["p"], text) == (read.tags, read.text)


@given(PLAIN)
def test_text_in_an_attribute_stays_text(text):
    read = Reader(element("p", title=text))

    assert (["p"], [text], "") == (read.tags, read.values, read.text)


@given(PLAIN)
def test_no_prose_becomes_a_tag_of_its_own(text):
    assert {"p", "ul", "li", "code", "pre"} >= {*Reader(prose(text)).tags}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (element("br-like", "x"), "<br-like>x</br-like>"),
        (element("input", type="text", disabled=True, value=None), '<input type="text" disabled>'),
        (element("a", "x", class_="y", aria_label="z"), '<a class="y" aria-label="z">x</a>'),
        (element("rect", x=3, hidden=False), '<rect x="3"></rect>'),
        (html("<", Markup("<b></b>"), None, ["&", code("c")]), "&lt;<b></b>&amp;<code>c</code>"),
        (joined(" & ", [html("a"), html("b")]), "a &amp; b"),
        (code("x", "y"), '<code class="y">x</code>'),
    ],
)
def test_markup(written, expected):
    assert expected == written
    assert isinstance(written, Markup)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ""),
        ("", ""),
        ("One.\nStill one.\n\nTwo.", "<p>One.\nStill one.</p><p>Two.</p>"),
        ("Use `x`, ``y`z`` here", "<p>Use <code>x</code>, <code>y`z</code> here</p>"),
        ("a ` b", "<p>a ` b</p>"),
        ("- a\n- b `c`\n  goes on", "<ul><li>a</li><li>b <code>c</code> goes on</li></ul>"),
        ("Both:\n\n* a", "<p>Both:</p><ul><li>a</li></ul>"),
        ("Both:\n* a", "<p>Both:</p><ul><li>a</li></ul>"),
        ("    x = 1\n    y = 2", "<pre>x = 1\ny = 2</pre>"),
        ("\n\n  \n\nlate", "<p>late</p>"),
    ],
)
def test_prose(text, expected):
    assert expected == prose(text)


def test_hostile_prose_is_escaped():
    assert "<" not in phrase(HOSTILE)
    assert Reader(phrase(HOSTILE)).text == HOSTILE
