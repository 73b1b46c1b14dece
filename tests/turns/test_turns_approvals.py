"""What waits for approval: found in the turns, and bound to exactly one call."""

from hypothesis import given
from hypothesis import strategies as st

from chatkit._turns.approvals import PendingApproval, fingerprint, waiting_requests
from chatkit._turns.contents import ContentToolRequest, ContentToolResult
from chatkit._turns.turns import AssistantTurn, SystemTurn, UserTurn

ONE, TWO = ContentToolRequest("c1", "f", {"a": 1}), ContentToolRequest("c2", "g", {"b": [1, 2]})
ANSWER = AssistantTurn((ONE, TWO))


def result(request):
    return ContentToolResult(1, request=request, text="1")


def test_requests_without_a_result_at_the_end_wait():
    assert waiting_requests([UserTurn("Hi"), ANSWER]) == (ONE, TWO)
    assert waiting_requests([UserTurn("Hi"), ANSWER, UserTurn([result(TWO)])]) == (ONE,)
    assert waiting_requests([UserTurn("Hi"), ANSWER, UserTurn([result(TWO)]), UserTurn([result(ONE)])]) == ()


def test_nothing_waits_once_the_conversation_went_on():
    assert waiting_requests([ANSWER, UserTurn("Never mind.")]) == ()
    assert waiting_requests([ANSWER, UserTurn([result(ONE), "and this"])]) == ()
    assert waiting_requests([ANSWER, SystemTurn("x")]) == ()
    assert waiting_requests([ANSWER, UserTurn("x"), AssistantTurn("y")]) == ()
    assert waiting_requests([]) == ()
    assert waiting_requests([UserTurn([result(ONE)])]) == ()


def test_nothing_of_a_partial_answer_waits():
    assert waiting_requests([AssistantTurn((ONE,), interrupted="stopped")]) == ()


def test_arguments_that_could_not_be_read_are_shown_as_none():
    assert PendingApproval(ContentToolRequest("c", "f", None, "{bad")).arguments == {}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
requests = st.builds(
    ContentToolRequest,
    st.text(max_size=3),
    st.text(max_size=3),
    st.none() | st.dictionaries(st.text(max_size=3), values, max_size=3),
    st.none() | st.text(max_size=5),
)


@given(requests, requests)
def test_two_calls_have_the_same_fingerprint_only_if_they_are_the_same(one, two):
    same = repr(_sorted(one)) == repr(_sorted(two))
    assert (fingerprint(one) == fingerprint(two)) == same


def _sorted(value):
    if isinstance(value, ContentToolRequest):
        return [value.id, value.name, _sorted(value.arguments), value.raw]
    if isinstance(value, dict):
        return [(key, _sorted(item)) for key, item in sorted(value.items())]
    return [_sorted(item) for item in value] if isinstance(value, list) else value
