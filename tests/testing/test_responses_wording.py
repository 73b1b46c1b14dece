"""Answers in the words of the Responses API, as the router's server words them and as OpenAI's own."""

import json

import pytest
import requests

from chatkit.testing import Answer, Delivery, ErrorAnswer, EventsAnswer, EventStyle, FakeService, ToolCall

CITED = [{"type": "url_citation", "url": "https://a.org/", "title": "A", "start_index": 0, "end_index": 2}]
ALL = Answer(["Hel", "lo"], reasoning=["h", "m"], tool_calls=[ToolCall("add", {"a": 1}, "c1", fragment=4)])


def post(service, **body):
    asked = {"model": "m", "input": "hi", **body}
    return requests.post(f"{service.base_url}/responses", json=asked, timeout=5)


def events_of(response):
    lines = response.text.split("\n")
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


def streamed(answer, flavour="huggingface", **body):
    with FakeService(strict=True, responses=flavour) as service:
        service.script(answer)
        response = post(service, stream=True, **body)
        assert response.status_code == 200
        return response


def whole(answer, flavour="huggingface", **body):
    with FakeService(strict=True, responses=flavour) as service:
        service.script(answer)
        return post(service, **body).json()


def types(events):
    return [event["type"].removeprefix("response.") for event in events]


def test_the_routers_events_in_their_order():
    response = streamed(ALL)
    assert response.headers["content-type"] == "text/event-stream"
    assert "[DONE]" not in response.text
    assert all(line.startswith("data: ") for line in response.text.split("\n") if line)
    events = events_of(response)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert types(events) == [
        "created",
        "in_progress",
        *("output_item.added", "content_part.added", "reasoning_text.delta", "reasoning_text.delta"),
        *("reasoning_text.done", "content_part.done", "output_item.done"),
        *("output_item.added", "content_part.added", "output_text.delta", "output_text.delta"),
        *("output_item.added", *["function_call_arguments.delta"] * 2),
        *("function_call_arguments.done", "output_item.done", "completed"),
    ]


def test_the_router_tells_place_0_of_whatever_is_no_call():
    events = events_of(streamed(ALL))
    added = {event["item"]["type"]: event["output_index"] for event in events if "item.added" in event["type"]}
    assert added == {"reasoning": 0, "message": 0, "function_call": 2}
    deltas = [event["output_index"] for event in events if event["type"] == "response.output_text.delta"]
    assert deltas == [1, 1]


def test_the_router_leaves_open_what_stands_before_a_call():
    calls = [ToolCall("add", {}, "c1"), ToolCall("add", {}, "c2")]
    events = events_of(streamed(Answer("a", tool_calls=calls)))
    assert [event["item"]["type"] for event in events if "item.done" in event["type"]] == ["function_call"]
    output = events[-1]["response"]["output"]
    assert [item.get("status") for item in output] == ["in_progress", None, "completed"]
    alone = events_of(streamed(Answer(reasoning="hm", tool_calls=calls[:1])))
    assert types(alone).count("output_item.done") == 1


def test_the_router_closes_thoughts_that_no_words_follow():
    assert types(events_of(streamed(Answer(reasoning="hm"))))[-4:] == [
        "reasoning_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]


def test_what_an_event_tells_is_what_was_so_at_its_time():
    events = events_of(streamed(ALL))
    assert events[0]["response"]["output"] == []
    assert events[0]["response"]["status"] == "in_progress"
    assert events[9]["item"]["content"] == []
    assert events[-1]["response"]["output"][1]["content"][0]["text"] == "Hello"


def test_the_router_counts_nothing_unless_a_provider_volunteers_it():
    zero = {
        "input_tokens": 0,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 0,
    }
    assert whole("hello")["usage"] == zero
    assert whole(Answer("hello", usage=None))["usage"] == zero
    assert whole(Answer("hello", usage="finish"))["usage"]["output_tokens"] == 2
    told = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 3}}
    counted = whole(Answer("hello", usage_body=told))["usage"]
    assert (counted["input_tokens"], counted["total_tokens"]) == (9, 13)
    assert counted["input_tokens_details"] == {"cached_tokens": 3}
    assert whole(Answer("hello", usage_body={"input_tokens": 1}))["usage"] == {"input_tokens": 1}


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter", "tool_calls"])
def test_the_router_says_completed_whatever_happened(reason):
    response = whole(Answer("cut", finish_reason=reason))
    assert response["status"] == "completed"
    assert "incomplete_details" not in response


def test_the_router_tells_no_sources():
    (item,) = whole(Answer("hello", annotations=CITED))["output"]
    assert item["content"] == [{"type": "output_text", "text": "hello", "annotations": []}]


@pytest.mark.parametrize("flavour", ["huggingface", "openai"])
def test_a_failure_comes_with_status_200(flavour):
    events = events_of(streamed(Answer("Hel", fails="the provider broke"), flavour))
    assert events[-1]["type"] == "response.failed"
    error = {"code": "server_error", "message": "the provider broke"}
    assert (events[-1]["response"]["status"], events[-1]["response"]["error"]) == ("failed", error)
    response = whole(Answer(fails="the provider broke"), flavour)
    assert (response["status"], response["error"], response["output"]) == ("failed", error, [])


def test_an_answer_without_a_finish_reason_just_stops():
    assert types(events_of(streamed(Answer("Hel", finish_reason=None))))[-1] == "output_item.done"
    assert whole(Answer("Hel", finish_reason=None))["status"] == "in_progress"


def test_the_response_echoes_the_request():
    tool = {"type": "function", "name": "add", "parameters": {"type": "object"}}
    body = {"instructions": "Be brief.", "metadata": {"run": "7"}, "max_output_tokens": 9, "top_p": 0.5}
    response = whole(Answer("a", id="resp_x", model="served"), tools=[tool], tool_choice="required", **body)
    assert body.items() <= response.items()
    assert (response["tools"], response["tool_choice"], response["temperature"]) == ([tool], "required", 1)
    assert (response["id"], response["model"], response["object"]) == ("resp_x", "served", "response")
    assert response["created_at"] > 0


def test_openai_names_its_events():
    response = streamed(ALL, "openai")
    names = [line.removeprefix("event: ") for line in response.text.split("\n") if line.startswith("event: ")]
    assert names == [event["type"] for event in events_of(response)]


@pytest.mark.parametrize("flavour", ["huggingface", "openai"])
def test_every_event_about_a_part_says_which_one(flavour):
    events = [event for event in events_of(streamed(ALL, flavour)) if "item_id" in event]
    for event in events:
        summary = "_summary_" in event["type"]
        assert ("summary_index" in event) is summary
        assert ("content_index" in event) is not (summary or "arguments" in event["type"])


def test_openai_closes_every_item_and_counts_their_places():
    events = events_of(streamed(ALL, "openai"))
    added = [event["output_index"] for event in events if "item.added" in event["type"]]
    done = [event["output_index"] for event in events if "item.done" in event["type"]]
    assert added == done == [0, 1, 2]
    assert {item["status"] for item in events[-1]["response"]["output"]} == {"completed"}


def test_openai_tells_thoughts_as_a_summary():
    events = events_of(streamed(ALL, "openai"))
    assert types(events)[2:9] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
    ]
    assert events[8]["item"]["summary"] == [{"type": "summary_text", "text": "hm"}]


@pytest.mark.parametrize(("reason", "told"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_openai_tells_an_incomplete_answer(reason, told):
    last = events_of(streamed(Answer("cut", finish_reason=reason), "openai"))[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["status"] == "incomplete"
    assert last["response"]["incomplete_details"] == {"reason": told}


def test_openai_counts_tokens_and_thoughts_among_them():
    usage = whole(Answer("hello", reasoning="I wonder"), "openai")["usage"]
    assert usage["input_tokens"] > 0
    assert (usage["output_tokens"], usage["output_tokens_details"]) == (4, {"reasoning_tokens": 2})
    assert whole(Answer("hello", usage=None), "openai")["usage"] is None


def test_openai_tells_sources():
    events = events_of(streamed(Answer("hello", annotations=CITED), "openai"))
    (added,) = [event for event in events if event["type"] == "response.output_text.annotation.added"]
    assert (added["annotation"], added["annotation_index"]) == (CITED[0], 0)
    assert events[-1]["response"]["output"][0]["content"][0]["annotations"] == CITED


@pytest.mark.parametrize("call", [ToolCall("add", {"a": 1}), ToolCall("add", {"a": 1}, omit=["id"])])
def test_calls_get_ids_of_their_own_unless_left_out(call):
    (item,) = whole(Answer(tool_calls=[call]))["output"]
    assert item["call_id"] == ("" if call.omit else "call_1_0")
    assert (item["name"], json.loads(item["arguments"])) == ("add", {"a": 1})
    assert item["id"] != item["call_id"]


def test_headers_content_types_styles_and_deliveries_are_kept():
    style = EventStyle(newline="\r\n", fields=["id: 7"], ascii=True)
    answer = Answer("ä", headers={"x-inference-provider": "groq"}, content_type="text/event-stream;x", style=style)
    response = streamed(answer, "openai")
    assert response.headers["x-inference-provider"] == "groq"
    assert response.headers["content-type"] == "text/event-stream;x"
    assert "event: response.created\r\nid: 7\r\ndata: {" in response.text
    assert "\\u00e4" in response.text
    with FakeService() as service:
        service.script(answer, Answer("a", delivery=Delivery(hang_up=True)))
        assert b"\\u00e4" in post(service).content
        assert post(service).ok


def test_ready_made_answers_are_sent_as_they_are():
    with FakeService() as service:
        service.script(EventsAnswer([{"type": "error", "message": "no"}], done=False), ErrorAnswer(503, "later"))
        assert post(service, stream=True).text == 'data: {"type":"error","message":"no"}\n\n'
        assert post(service).status_code == 503
        service.on_request(lambda request: f"{request.model} heard {request.items[-1]['content']}")
        assert post(service).json()["output"][0]["content"][0]["text"] == "m heard hi"


def test_the_items_of_a_request():
    with FakeService() as service:
        service.script("a", "b", "c")
        item = {"role": "user", "content": [{"type": "input_text", "text": "hi"}]}
        post(service, input="hi")
        post(service, input=[item])
        post(service, input=7)
        seen = [request.items for request in service.requests]
    assert seen == [[{"role": "user", "content": "hi"}], [item], []]


def test_both_wires_take_the_same_script():
    with FakeService() as service:
        service.script("one", "two")
        assert post(service).json()["output"][0]["content"][0]["text"] == "one"
        body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        answer = requests.post(f"{service.base_url}/chat/completions", json=body, timeout=5).json()
        assert answer["choices"][0]["message"]["content"] == "two"


def test_chat_completions_tell_sources_and_failures_too():
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    with FakeService() as service:
        url = f"{service.base_url}/chat/completions"
        cited = Answer("hello", annotations=CITED)
        service.script(cited, cited, Answer("Hel", fails="boom"), Answer("Hel", fails="boom"))
        message = requests.post(url, json=body, timeout=5).json()["choices"][0]["message"]
        assert message["annotations"] == CITED
        chunks = events_of_chat(requests.post(url, json={**body, "stream": True}, timeout=5))
        assert [chunk["choices"][0]["delta"].get("annotations") for chunk in chunks] == [None, None, CITED, None]
        failed = requests.post(url, json=body, timeout=5)
        assert (failed.status_code, failed.json()["error"]["message"]) == (200, "boom")
        stream = requests.post(url, json={**body, "stream": True}, timeout=5)
        assert "[DONE]" not in stream.text
        assert events_of_chat(stream)[-1]["error"]["message"] == "boom"


def events_of_chat(response):
    lines = [line.removeprefix("data: ") for line in response.text.split("\n") if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]
