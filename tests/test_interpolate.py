"""Prompt templates: values for names, without evaluating code."""

import asyncio
import os
from collections import namedtuple
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit._errors import ConfigError
from chatkit._interpolate import interpolate, interpolate_file


@dataclass
class User:
    name: str
    _secret: str = "s3cret"

    @property
    def broken(self):
        raise RuntimeError("no")

    def method(self):
        return "called"


ADA, ALAN = User("Ada"), User("Alan")


@pytest.mark.parametrize(
    ("template", "values", "prompt"),
    [
        ("Hi {{ name }}!", {"name": "Ada"}, "Hi Ada!"),
        ("{{name}}{{  name\n}}", {"name": "a"}, "aa"),
        ("{{ n }} {{ f }} {{ b }}", {"n": 1, "f": 0.5, "b": True}, "1 0.5 True"),
        ("{{ user.name }}", {"user": ADA}, "Ada"),
        ("{{ items[0] }}{{ items[-1] }}", {"items": ["a", "b"]}, "ab"),
        ("{{ rows[1][0] }}", {"rows": [[1], [2]]}, "2"),
        ("{{ d[\"a key\"] }}{{ d['b'] }}{{ d[ 'b' ] }}", {"d": {"a key": 1, "b": 2}}, "122"),
        ("{{ d[''] }}", {"d": {"": "empty"}}, "empty"),
        ("{{ d.numerator }}", {"d": Fraction(3, 4)}, "3"),
        ("{{ users[0].name }}", {"users": [ADA]}, "Ada"),
        ("{{ größe }}", {"größe": 3}, "3"),
        ("{{ d }}", {"d": {"a": 1}}, "{'a': 1}"),
        ("no names", {"unused": 1}, "no names"),
        ("", {}, ""),
        ("{{ template }}{{ path }}{{ self }}", {"template": 1, "path": 2, "self": 3}, "123"),
        ("{{ text }}", {"text": "{{ name }} {% x %}"}, "{{ name }} {% x %}"),
    ],
)
def test_names_and_look_ups_are_replaced_by_their_text(template, values, prompt):
    assert interpolate(template, **values) == prompt


@pytest.mark.parametrize(
    ("template", "prompt"),
    [
        ("{{{{ x }}", "{{ x }}"),
        ('{"a": {"b": {"c": {}}}}', '{"a": {"b": {"c": {}}}}'),
        ("{{{ x }}}", "{1}"),
        ("{{{{{{ x }}}}", "{{1}}"),
        ("{{{{{ x }}", "{{{ x }}"),
        ("a } b }} { c", "a } b }} { c"),
    ],
)
def test_braces_that_are_no_placeholder_stand_for_themselves(template, prompt):
    assert interpolate(template, x=1) == prompt


@pytest.mark.parametrize(
    ("template", "values", "prompts"),
    [
        ("Hi {{ name }}!", {"name": ["a", "b"]}, ["Hi a!", "Hi b!"]),
        ("{{ a }}{{ b }}{{ c }}", {"a": ("x", "y"), "b": [1, 2], "c": "-"}, ["x1-", "y2-"]),
        ("{{ users.name }}", {"users": [ADA, ALAN]}, ["Ada", "Alan"]),
        ("{{ rows['n'] }}", {"rows": [{"n": 1}, {"n": 2}]}, ["1", "2"]),
        ("{{ d['xs'] }}", {"d": {"xs": [1, 2]}}, ["1", "2"]),
        ("{{ rows[0] }}", {"rows": [[1, 2], [3]]}, ["1", "2"]),
        ("{{ name }}", {"name": ["one"]}, ["one"]),
        ("{{ name }}", {"name": []}, []),
        ("{{ x }}", {"x": "scalar", "unused": [1, 2]}, "scalar"),
    ],
)
def test_lists_make_one_prompt_per_item(template, values, prompts):
    assert interpolate(template, **values) == prompts


def test_a_named_tuple_is_one_value():
    place = namedtuple("Place", "x y")
    assert interpolate("{{ at.x }}/{{ at.y }}/{{ at }}", at=place(1, 2)) == "1/2/Place(x=1, y=2)"


def test_lists_of_different_lengths_are_refused():
    with pytest.raises(ConfigError, match="must be of one length, not 1 and 3"):
        interpolate("{{ a }}{{ b }}", a=[1], b=[1, 2, 3])


def test_a_list_in_a_list_has_no_text():
    with pytest.raises(ConfigError, match="`rows` comes to a list, which has no place in a prompt"):
        interpolate("{{ rows }}", rows=[[1], [2]])


def test_an_unknown_name_is_told_with_the_known_ones_and_the_line():
    with pytest.raises(ConfigError, match=r"line 3: there is no value for `nmae`; values were given for: age, name\."):
        interpolate("a\nb\nHi {{ nmae }}", name=1, age=2)
    with pytest.raises(ConfigError, match="values were given for: none"):
        interpolate("{{ x }}")


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "x()",
        "x + 1",
        "x.",
        "x[",
        "x[]",
        "x[y]",
        "x[0:1]",
        "x['a]",
        "1",
        "'x'",
        "x | upper",
        "x.name()",
        "x.1",
        "x y",
        "x{",
    ],
)
def test_what_is_no_look_up_is_refused(expression):
    with pytest.raises(ConfigError, match=r"line 1: .* is no look-up such as"):
        interpolate("{{" + expression + "}}", x=ADA)


@pytest.mark.parametrize(
    "expression", ["x.__class__", "x._secret", "x.name.__class__.__mro__[1]", "x.__init__.__globals__"]
)
def test_private_attributes_cannot_be_reached(expression):
    with pytest.raises(ConfigError, match="is private"):
        interpolate("{{ " + expression + " }}", x=ADA)


def test_nothing_can_be_looked_up_in_what_leads_to_running_code():
    def generate():
        yield

    async def sleep():
        await asyncio.sleep(0)

    waiting = sleep()
    for value, look in [
        (os, "environ"),
        (generate(), "gi_frame"),
        (waiting, "cr_frame"),
        (ADA.method, "real"),
        (User, "name"),
    ]:
        with pytest.raises(ConfigError, match="nothing can be looked up in a"):
            interpolate("{{ x." + look + " }}", x=value)
        with pytest.raises(ConfigError, match="nothing can be looked up in a"):
            interpolate("{{ x['a'] }}", x=value)
    waiting.close()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "comes to None"),
        (b"bytes", "comes to a bytes"),
        (ADA.method, "comes to a method"),
        (User, "comes to a type"),
        (os, "comes to a module"),
        ([1, None], "comes to None"),
        ((item for item in "ab"), "comes to a generator"),
    ],
)
def test_a_value_without_a_sensible_text_is_refused(value, words):
    with pytest.raises(ConfigError, match=words + ", which has no place in a prompt"):
        interpolate("{{ x }}", x=value)


def test_arrays_and_columns_are_told_how_to_be_given():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(ConfigError, match=r"comes to a Series: give it as a list, by `\.tolist\(\)`"):
        interpolate("{{ x }}", x=pandas.Series([1, 2]))


def test_failing_look_ups_are_told():
    for template, words in [
        ("{{ x.age }}", r"`\.age` of a User could not be had \(AttributeError\)"),
        ("{{ x.broken }}", r"`\.broken` of a User could not be had \(RuntimeError\)"),
        ("{{ x[0] }}", r"`\[0\]` of a User could not be had \(TypeError\)"),
        ("{{ d['b'] }}", r"`\['b'\]` of a dict could not be had \(KeyError\)"),
        ("{{ d.a }}", r"`\.a` of a dict \(a key is looked up by `\[\"a\"\]`\) could not be had"),
        ("{{ xs[5] }}", r"`\[5\]` of a list could not be had \(IndexError\)"),
    ]:
        with pytest.raises(ConfigError, match=words) as caught:
            interpolate(template, x=ADA, d={"a": 1}, xs=[1])
        assert caught.value.__context__ is None


def test_a_value_whose_text_fails_is_told():
    class Mute:
        def __str__(self):
            raise RuntimeError("no words")

    with pytest.raises(ConfigError, match=r"the text of `x` could not be had \(RuntimeError\)"):
        interpolate("{{ x }}", x=Mute())


def test_a_placeholder_without_an_end_is_told_with_its_line():
    with pytest.raises(ConfigError, match=r"line 2: a placeholder begins here that has no \}\} \(to write \{\{ itself"):
        interpolate("{{ x }}\n{{ x }", x=1)


def test_a_template_must_be_a_text():
    with pytest.raises(ConfigError, match="A template is a text, not int"):
        interpolate(5)


@given(st.text("{}x. [\"']\n", max_size=40))
def test_any_template_gives_a_prompt_or_a_clear_error(template):
    try:
        assert isinstance(interpolate(template, x="1"), str)
    except ConfigError as error:
        assert "line" in str(error)


@given(st.text(), st.text())
def test_a_text_is_inserted_as_it_is(before, text):
    assert interpolate(before.replace("{", "") + "{{ x }}", x=text) == before.replace("{", "") + text


@pytest.mark.parametrize("unit", ["{", "{{", "{{ ", "{{[", "}", "{{ x }}", "{{ x.", "{{ x[ "])
def test_a_mebibyte_of_anything_is_read_in_linear_time(unit):
    # A pattern that looked again for every brace would not come to an end within any patience.
    template = unit * (2**20 // len(unit))
    try:
        assert isinstance(interpolate(template, x="1"), str)
    except ConfigError as error:
        assert len(str(error)) < 400


def test_a_file_is_filled_in_without_its_last_line_break(tmp_path):
    path = tmp_path / "prompt.md"
    path.write_bytes("\ufeffHi {{ name }},\r\nhow are you \u2014 today?\r\n".encode())
    assert interpolate_file(path, name="Ada") == "Hi Ada,\nhow are you \u2014 today?"
    assert interpolate_file(str(path), name=["Ada", "Alan"])[1].startswith("Hi Alan,")
    assert interpolate_file(path, path="x", name="Ada").startswith("Hi Ada")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "bad.md").write_bytes(b"\xff")
    for path, words in [
        (tmp_path / "absent.md", "absent.md cannot be read: No such file"),
        (tmp_path, "cannot be read: Is a directory"),
        (tmp_path / "bad.md", "bad.md cannot be read: it is not UTF-8"),
        ("a\0b", "cannot be read: .*null"),
        (5, "cannot be read"),
    ]:
        with pytest.raises(ConfigError, match=words) as caught:
            interpolate_file(path)
        assert caught.value.__context__ is None


def test_a_fault_in_a_file_names_file_and_line(tmp_path):
    path = tmp_path / "prompt.md"
    path.write_text("one\n{{ two }}\n")
    with pytest.raises(ConfigError, match=r"prompt\.md, line 2: there is no value for `two`"):
        interpolate_file(path)
