"""How a typed answer is got, without any wire: the ladder, the verdicts, and what is told on the way."""

import json

import pytest

from chatkit._engine import ladder as rooms
from chatkit._engine.ladder import Ladder, refuses_way
from chatkit._engine.structured import Wish, converse_typed
from chatkit._engine.verdict import judge
from chatkit._errors import (
    APIConnectionError,
    BadRequestError,
    ConfigError,
    ContextLengthError,
    IncompleteOutputError,
    NotFoundError,
    RateLimitError,
    UnprocessableEntityError,
)
from chatkit._providers.encode import WordingRules
from chatkit._providers.wording import word_turns
from chatkit._turns.contents import ContentJson, ContentText, ContentThinking, ContentToolRequest
from chatkit._turns.history import History
from chatkit._turns.turns import AssistantTurn, UserTurn
from chatkit._types.answer import answer_of
from chatkit.testing import check_history

Q = UserTurn("q")


@pytest.fixture(autouse=True)
def known(monkeypatch):
    known = {}
    monkeypatch.setattr(rooms, "_known", known)
    return known


# The ladder


def test_the_ladder_from_top_to_bottom(fake):
    ladder = Ladder(fake.Provider())
    ways = [ladder.way]
    while ladder.step_down():
        ways.append(ladder.way)
    assert ways == ["json_schema", "json_object", "tool", "prompt"]
    assert ladder.at_end


def test_what_worked_is_where_others_begin(fake):
    ladder = Ladder(fake.Provider())
    ladder.step_down()
    assert Ladder(fake.Provider()).way == "json_schema"
    ladder.remember(fake.Provider())
    assert Ladder(fake.Provider()).way == "json_object"
    assert Ladder(fake.Provider(model="other")).way == "json_schema"
    assert Ladder(fake.Provider(base_url="https://other.example/v1")).way == "json_schema"


def test_an_address_that_was_corrected_on_the_way_is_known_too(fake):
    ladder = Ladder(fake.Provider(base_url="https://host.example"))
    ladder.step_down()
    ladder.remember(fake.Provider(base_url="https://host.example/v1"))
    for address in ("https://host.example", "https://host.example/v1"):
        assert Ladder(fake.Provider(base_url=address)).way == "json_object"


def test_a_forced_way_is_alone_and_teaches_nothing(fake):
    ladder = Ladder(fake.Provider(), "json_object")
    assert ladder.at_end
    assert not ladder.step_down()
    ladder.remember(fake.Provider())
    assert Ladder(fake.Provider()).way == "json_schema"


def test_there_is_no_other_way(fake):
    with pytest.raises(ConfigError, match="'json_schema', 'json_object', 'tool', 'prompt'"):
        Ladder(fake.Provider(), "xml")


def test_what_is_remembered_does_not_grow_without_end(fake, known, monkeypatch):
    monkeypatch.setattr(rooms, "_KEPT", 3)
    for number in range(10):
        Ladder(fake.Provider(model=str(number))).remember(fake.Provider(model=str(number)))
        assert 1 <= len(known) <= 3


@pytest.mark.parametrize(
    ("kind", "message", "param", "refuses"),
    [
        (BadRequestError, "response_format is not supported", None, True),
        (BadRequestError, "This response_format type is unavailable now", None, True),
        (BadRequestError, "Bad value", "response_format.type", True),
        (BadRequestError, "tool_choice must be auto", None, True),
        (BadRequestError, "registry.ollama.ai/x does not support tools", None, True),
        (BadRequestError, "Failed to compile grammar", None, True),
        (UnprocessableEntityError, "Structured output is not supported by this model", None, True),
        (UnprocessableEntityError, "JSON Schema not supported", None, True),
        (UnprocessableEntityError, "Extra inputs: guided_json", None, True),
        (BadRequestError, "extra field: strict", None, True),
        (NotFoundError, "No endpoints found that support tool use", None, True),
        (NotFoundError, "The model tool-llama does not exist", None, False),
        (NotFoundError, "No support", None, False),
        (ContextLengthError, "too long with tools", None, False),
        (BadRequestError, "temperature is too high", None, False),
        (BadRequestError, "Messages with role 'tool' must follow tool_calls", None, False),
        (BadRequestError, "Invalid schema", "messages[2].tool_calls", False),
        (RateLimitError, "tools", None, False),
    ],
)
def test_what_refuses_a_way(kind, message, param, refuses):
    assert refuses_way(kind("It failed.", server_message=message, param=param)) is refuses


def test_a_broken_connection_refuses_nothing():
    assert not refuses_way(APIConnectionError("tools", server_message="tools"))


# The verdicts

ANSWER = answer_of({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})
THOUGHT = ContentThinking("Hm.")


def turn(*contents, finish="stop", raw=None):
    return AssistantTurn(contents, finish_reason=finish, raw_finish_reason=raw or finish)


def test_a_good_one():
    found = judge(turn(THOUGHT, 'So: {"n": 1}'), ANSWER)
    assert (found.kind, found.value, found.several) == ("good", {"n": 1}, False)
    assert found.turn.contents == (THOUGHT, ContentJson({"n": 1}, '{"n": 1}'))


def test_a_good_one_as_a_tool_call():
    call = ContentToolRequest("c1", "answer", {"n": 1})
    found = judge(turn(THOUGHT, "I call it.", call, finish="tool_calls"), ANSWER)
    assert found.turn.contents == (THOUGHT, ContentJson({"n": 1}, '{"n": 1}'))
    assert (found.turn.finish_reason, found.turn.raw_finish_reason) == ("stop", "tool_calls")


@pytest.mark.parametrize(
    ("contents", "kind", "text"),
    [
        (["Hello"], "nothing", "Hello"),
        ([], "nothing", ""),
        (['{"n": "x"}'], "wrong", '{"n": "x"}'),
        (['{"n": '], "wrong", '{"n": '),
        ([ContentToolRequest("c1", "answer", None, raw="{oops")], "nothing", "{oops"),
        ([ContentToolRequest("c1", "answer", {})], "wrong", "{}"),
        ([ContentToolRequest("c1", "answer", None)], "wrong", "{}"),
        ([ContentToolRequest("c1", "answer", {"n": float("nan")})], "wrong", '{"n": NaN}'),
        (["Hi", ContentToolRequest("c1", "other", {"n": 1})], "nothing", "Hi"),
    ],
)
def test_others(contents, kind, text):
    found = judge(turn(THOUGHT, *contents), ANSWER)
    assert found.kind == kind
    assert found.problems
    # Whatever it was, nothing in it waits for a tool.
    assert found.turn.contents == ((THOUGHT, ContentText(text)) if text else (THOUGHT,))


@pytest.mark.parametrize(
    ("finish", "raw", "kind"),
    [
        ("length", "length", "cut off"),
        ("content_filter", "content_filter", "refused"),
        ("content_filter", "stop", "refused"),
        ("unknown", None, "good"),
        ("insufficient_system_resource", None, "good"),
    ],
)
def test_how_it_ended_comes_first(finish, raw, kind):
    found = judge(turn('{"n": 1}', finish=finish, raw=raw), ANSWER)
    assert found.kind == kind
    assert (found.error is None) == (kind == "good")
    if found.error is not None:
        assert found.error.turn is found.turn


# The wish


def test_a_wish_that_is_not_granted_has_no_value(fake):
    wish = Wish(ANSWER, Ladder(fake.Provider()))
    assert not wish.granted
    with pytest.raises(IncompleteOutputError):
        _ = wish.value
    wish.verdict = judge(turn("no"), ANSWER)
    assert not wish.granted
    with pytest.raises(IncompleteOutputError):
        _ = wish.value
    wish.verdict = judge(turn('{"n": 1}'), ANSWER)
    assert wish.granted
    assert wish.value == {"n": 1}


# What is sent and not kept


def test_turns_that_are_sent_and_not_kept_are_lawful():
    history = History([UserTurn("a"), AssistantTurn(["b", ContentToolRequest("c1", "add", {})])])
    before = history.turns
    sent = history.sendable(UserTurn("d"), AssistantTurn("e"), UserTurn("f"), AssistantTurn(""), UserTurn("g"))
    assert [turn.role for turn in sent] == ["user", "assistant", "user", "assistant", "user"]
    assert [result.id for result in sent[2].tool_results] == ["c1"]
    assert [item.text for item in sent[-1].contents] == ["f", "g"]
    assert history.turns == before
    assert [turn.role for turn in history.sendable(UserTurn("d"))] == ["user", "assistant", "user"]


# What is told


@pytest.fixture
def play(fake, talk):
    """Step a typed call by hand; gives what was played, the wish, and the ways that were asked in."""

    class Provider(fake.Provider):
        def request(self, turns, *, system, tools, stream, wanted=None):
            ways.append(wanted.way if wanted is not None else None)
            return super().request(turns, system=system, tools=tools, stream=stream)

        def explain(self, head, body):
            return BadRequestError("It answered 400.", status_code=400, server_message=body)

    ways = []
    talk.provider = Provider()

    def act(*answers, user=Q, repairs=1, keep_repairs=False, **about):
        wish = Wish(ANSWER, Ladder(talk.provider), repairs, keep_repairs)
        script = converse_typed(talk, user, wish, stream=True, concurrent=False)
        played = fake.play(script, fake.Wire(*answers), **about)
        messages = json.loads(
            b"[" + b",".join(word_turns(talk.history.sendable(UserTurn("go on")), WordingRules())) + b"]"
        )
        assert check_history(messages) == []
        return played, wish, ways

    return act


PROSE, WRONG, GOOD = [200, "prose .stop"], [200, '{"n":"x"} .stop'], [200, '{"n":1} .stop']
REFUSED = [400, "response_format"]


def test_ways_and_repairs_are_told_as_retries(play, talk):
    played, wish, ways = play(REFUSED, PROSE, WRONG, GOOD)
    assert wish.value == {"n": 1}
    assert ways == ["json_schema", "json_object", "tool", "tool"]
    attempt = ["turn_started", "send", "receive"]
    assert [word.partition(" ")[0] for word in played.log if word != "release"] == [
        *attempt, "retrying", *attempt, "prose", "retrying", *attempt, '{"n":"x"}', "retrying", *attempt, '{"n":1}',
        "turn_ended",
    ]  # fmt: skip
    assert [turn.text for turn in talk.history.turns] == ["q", '{"n":1}']
    assert len(wish.turns) == 3


def test_the_limits_count_what_is_not_kept(play, talk):
    play(WRONG, GOOD)
    assert (talk.spent.requests, talk.spent.tokens) == (2, 6)


@pytest.mark.parametrize("keep_repairs", [False, True])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, GeneratorExit, MemoryError])
def test_interrupted_anywhere_it_leaves_a_lawful_history(play, talk, kind, keep_repairs):
    whole, _, _ = play(REFUSED, PROSE, WRONG, GOOD, keep_repairs=keep_repairs)
    for step in range(1, len(whole.log) + 1):
        talk.history = History([UserTurn("a"), AssistantTurn("b")])
        rooms._known.clear()
        play(REFUSED, PROSE, WRONG, GOOD, keep_repairs=keep_repairs, at=step, throw=kind)
        texts = [turn.text for turn in talk.history.turns]
        assert texts[:2] == ["a", "b"]
        rest = texts[2:]
        last = talk.history.turns[-1]
        if keep_repairs:
            rest = [text for text in rest if not text.startswith("This answer")]
            assert rest in ([], ["q", "prose"], ["q", '{"n":"x"}'], ["q", '{"n":"x"}', '{"n":1}'])
        else:
            assert rest in ([], ["q", "prose"], ["q", '{"n":"x"}'], ["q", '{"n":1}'])
            # What is no answer is there only as what was interrupted.
            assert rest in ([], ["q", '{"n":1}']) or last.interrupted


def test_a_call_that_was_interrupted_between_tools_and_answer(play, talk, fake):
    talk.toolbox.register(add)
    asks = [200, "+c1 .tool_calls"]
    whole, wish, ways = play(asks, PROSE, GOOD)
    assert wish.value == {"n": 1}
    assert ways == [None, None, "json_schema"]
    for step in range(1, len(whole.log) + 1):
        talk.history = History()
        play(asks, PROSE, GOOD, at=step, throw=KeyboardInterrupt)
        assert [turn.role for turn in talk.history.turns] == ["user", "assistant"] * (len(talk.history) // 2) + [
            "user"
        ] * (len(talk.history) % 2)


def add() -> int:
    """Add."""
    return 4
