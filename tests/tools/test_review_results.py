"""What a review found in results: values and errors that raise when they are looked at."""

from chatkit._tools.results import result_of
from chatkit._turns.contents import ContentToolRequest

REQUEST = ContentToolRequest("c1", "look", {})


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no words")


def test_an_error_without_words_while_a_value_is_told_is_told_by_its_class():
    class Array:
        def tolist(self):
            raise Mute

    result = result_of(Array(), REQUEST)
    assert result.error is not None
    assert result.error.startswith("Tool `look` returned a value of type Array that cannot be sent to a model: ")

    class Text(str):
        def __str__(self):
            raise Mute

    assert result_of(Text("a"), REQUEST).error.endswith("cannot be sent to a model: Mute")


def test_a_proxy_whose_target_is_gone_gives_an_error_result():
    class Proxy:
        @property
        def __class__(self):
            raise RuntimeError("working outside of a request")

    result = result_of(Proxy(), REQUEST)
    assert result.error.endswith("type Proxy that cannot be sent to a model: working outside of a request")
    assert result.value is None
