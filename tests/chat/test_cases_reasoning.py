"""Cases 19 to 27: thinking, wherever a server puts it, is kept apart from the text."""

import pytest

from chatkit import ContentText, ContentThinking, TextDelta, ThinkingDelta
from chatkit.testing import Answer, EventsAnswer, RawAnswer


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_case_19_both_fields_become_thinking(service, chat, talk, go_on, field):
    service.script(Answer(["Two", "."], reasoning=["One and ", "one."], reasoning_field=field))
    assert talk(chat, "1 + 1?") == "Two."
    assert chat.last_turn().contents == (ContentThinking("One and one."), ContentText("Two."))
    go_on(chat, talk)


def test_case_20_null_reasoning_is_nothing(service, chat, talk, chunk):
    chunks = [chunk("Two.", reasoning=None, reasoning_content=None), chunk(finish="stop")]
    service.script(EventsAnswer(chunks))
    assert talk(chat, "1 + 1?") == "Two."
    assert chat.last_turn().contents == (ContentText("Two."),)


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_case_20_empty_reasoning_does_not_hide_the_text_beside_it(service, chat, talk, chunk, field):
    service.script(EventsAnswer([chunk("Tw", **{field: ""}), chunk("o.", **{field: ""}), chunk(finish="stop")]))
    assert talk(chat, "1 + 1?") == "Two."
    assert chat.last_turn().contents == (ContentText("Two."),)


def test_case_21_a_chunk_with_reasoning_and_content_gives_both(service, chat, talk, chunk):
    service.script(EventsAnswer([chunk("Tw", reasoning="Hm"), chunk("o.", reasoning="m."), chunk(finish="stop")]))
    assert talk(chat, "1 + 1?") == "Two."
    assert chat.last_turn().contents == (ContentThinking("Hmm."), ContentText("Two."))


def test_case_22_the_streamed_text_is_the_turns_text_without_any_thinking(service, chat, stream_talk):
    service.script(Answer(["T", "wo."], reasoning=["Hm", "m."]))
    events = stream_talk.events(chat, "1 + 1?")
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["T", "wo."]
    assert [event.thinking for event in events if isinstance(event, ThinkingDelta)] == ["Hm", "m."]
    assert chat.last_turn().text == "Two."


def test_case_23_adjacent_thinking_is_one_content_in_a_whole_turn(service, chat, talk):
    service.script(Answer("Two.", reasoning=["a", "b", "c"]))
    talk(chat, "1 + 1?")
    assert chat.last_turn().contents == (ContentThinking("abc"), ContentText("Two."))


def test_case_23_and_in_a_partial_one(service, chat, stream_talk, go_on):
    service.script(Answer(["Tw", "o."], reasoning=["a", "b", "c"]))
    stream_talk.leave(chat, "1 + 1?")
    assert chat.last_turn().contents == (ContentThinking("abc"), ContentText("Tw"))
    assert chat.last_turn().interrupted == "stopped"
    go_on(chat, stream_talk)


def test_case_24_thinking_is_not_sent_back_by_default(service, chat, talk, go_on):
    service.script(Answer("Two.", reasoning="Hm."))
    talk(chat, "1 + 1?")
    assert go_on(chat, talk)[1] == {"role": "assistant", "content": "Two."}


@pytest.mark.parametrize(
    ("profile", "field"), [(None, "reasoning_content"), ("vllm", "reasoning"), ("lmstudio", "reasoning_content")]
)
def test_case_24_with_preserve_thinking_it_goes_back_in_the_profiles_field(service, make_chat, talk, profile, field):
    service.strict = False  # it knows no such field
    chat = make_chat(preserve_thinking=True, profile=profile)
    service.script(Answer("Two.", reasoning="Hm."), "Three.")
    talk(chat, "1 + 1?")
    talk(chat, "1 + 2?")
    assert service.requests[-1].messages[1] == {"role": "assistant", "content": "Two.", field: "Hm."}


TAGGED = "<think>\nOne and one.\n</think>\n\nTwo <b>."


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
def test_case_25_inline_think_tags_are_split_out_however_they_are_cut(service, chat, talk, go_on, size):
    service.script(Answer([TAGGED[at : at + size] for at in range(0, len(TAGGED), size)]))
    assert talk(chat, "1 + 1?") == "Two <b>."
    assert chat.last_turn().contents == (ContentThinking("One and one.\n"), ContentText("Two <b>."))
    assert go_on(chat, talk)[1] == {"role": "assistant", "content": "Two <b>."}


@pytest.mark.parametrize(
    "text",
    [
        "See <think>this</think>.",
        "<thinking>no</thinking>",
        "<",
        "<think",
        "a</think>b",
        "\n <b>x",
        "  ",
    ],
)
def test_case_25_the_same_letters_elsewhere_are_text(service, chat, talk, text):
    service.script(Answer(list(text)))
    assert talk(chat, "Hello") == text
    assert chat.last_turn().contents == (ContentText(text),)


def test_case_25_an_unclosed_tag_leaves_it_thinking_and_loses_nothing(service, chat, talk, go_on):
    service.script(Answer(list("<think>never </thi"), finish_reason="stop"))
    assert talk(chat, "Hello") == ""
    assert chat.last_turn().contents == (ContentThinking("never </thi"),)
    go_on(chat, talk)


def test_case_25_an_empty_pair_of_tags_is_no_thinking(service, chat, talk):
    service.script(Answer("<think>\n\n</think>\n\nTwo."))
    assert talk(chat, "1 + 1?") == "Two."
    assert chat.last_turn().thinking.strip() == ""


def test_case_26_a_turn_of_thinking_alone_is_never_sent_as_a_bare_message(service, chat, talk, go_on):
    service.script(Answer(reasoning="Hm."))
    assert talk(chat, "1 + 1?") == ""
    assert chat.last_turn().contents == (ContentThinking("Hm."),)
    assert go_on(chat, talk) == [{"role": "user", "content": "1 + 1?\n\ngo on"}]


def test_case_26_nor_with_preserve_thinking(service, make_chat, talk, go_on):
    chat = make_chat(preserve_thinking=True)
    service.script(Answer(reasoning="Hm."))
    talk(chat, "1 + 1?")
    assert go_on(chat, talk) == [{"role": "user", "content": "1 + 1?\n\ngo on"}]


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 9, "completion_tokens": 7, "completion_tokens_details": {"reasoning_tokens": 5}},
        {"input_tokens": 9, "output_tokens": 7, "output_tokens_details": {"reasoning_tokens": 5}},
        {"prompt_tokens": 9, "completion_tokens": 7, "reasoning_tokens": 5},
    ],
)
def test_case_27_reasoning_tokens_are_kept(service, chat, talk, usage):
    service.script(Answer("Two.", reasoning="Hm.", usage="separate", usage_body=usage))
    talk(chat, "1 + 1?")
    used = chat.last_turn().usage
    assert (used.input_tokens, used.output_tokens, used.reasoning_tokens) == (9, 7, 5)
    assert chat.usage().reasoning_tokens == 5


PARTS = [
    [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "Two."}],
    [{"type": "reasoning", "summary": [{"text": "Hm."}]}, {"type": "output_text", "text": "Two."}],
    [{"type": "thinking", "thinking": "Hm."}, "Two.", {"type": "text", "text": ""}, {"type": "picture"}],
]


@pytest.mark.parametrize("parts", PARTS)
def test_row_r4_content_as_a_list_of_parts_is_read(service, chat, talk, chunk, go_on, parts):
    service.script(EventsAnswer([chunk(parts), chunk(finish="stop")]))
    assert talk(chat, "1 + 1?") == "Two."
    assert chat.last_turn().contents == (ContentThinking("Hm."), ContentText("Two."))
    repr(chat)
    go_on(chat, talk)


def test_case_19_thoughts_may_come_as_a_list(service, chat, talk, chunk):
    service.script(EventsAnswer([chunk(reasoning=[{"text": "Hm"}, "."]), chunk("Two."), chunk(finish="stop")]))
    talk(chat, "1 + 1?")
    assert chat.last_turn().thinking == "Hm."


def test_case_19_a_whole_answer_of_thinking_alone_is_an_answer(service, chat, whole_talk, whole):
    import json

    service.script(RawAnswer(json.dumps(whole(content=None, reasoning="Hm.")).encode()))
    assert whole_talk(chat, "1 + 1?") == ""
    assert chat.last_turn().thinking == "Hm."


@pytest.mark.parametrize("field", ["content", "reasoning"])
def test_case_45_a_character_split_over_two_deltas_is_one_again(service, chat, talk, chunk, field):
    """In JSON a character beyond the first plane may be two escapes, and a server may cut between them."""
    halves = "\ud83d", "\ude00"
    service.script(EventsAnswer([*(chunk(**{field: half}) for half in halves), chunk("."), chunk(finish="stop")]))
    talk(chat, "Smile")
    turn = chat.last_turn()
    assert turn.thinking + turn.text == "\U0001f600."
