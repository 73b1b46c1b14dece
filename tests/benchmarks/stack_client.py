"""The bare stack: the smallest honest program on requests, sseclient-py and json."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TextIO

import requests
from raw_client import TOOL
from requests.adapters import HTTPAdapter
from sseclient import SSEClient

HEADERS = {"Authorization": "Bearer benchmark-key"}


class Client:
    """A conversation over one session. See `raw_client.Client`.

    Args:
        base_url: Where the server is, with the scenario in its path.
    """

    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url}/chat/completions"
        self._session = requests.Session()
        self._session.mount("http://", HTTPAdapter(pool_maxsize=64))
        self._session.headers.update(HEADERS)
        self._tool: Callable[..., Any] = print
        self.messages: list[dict[str, Any]] = []

    def afresh(self) -> Client:
        """A new conversation over the same session."""
        twin = Client.__new__(Client)
        twin._url, twin._session, twin._tool, twin.messages = self._url, self._session, self._tool, []
        return twin

    def apart(self) -> Client:
        """A conversation for another thread; the session is shared."""
        return self.afresh()

    def answer(self, prompt: str) -> str:
        """Ask for a whole answer, outside of the conversation."""
        return self._whole([{"role": "user", "content": prompt}])["content"]

    def say(self, text: str) -> str:
        """Go on with the conversation and wait for the whole answer."""
        self.messages.append({"role": "user", "content": text})
        message = self._whole(self.messages)
        self.messages.append({"role": "assistant", "content": message["content"]})
        return message["content"]

    def stream(self, prompt: str) -> Iterator[str]:
        """Ask for a streamed answer, outside of the conversation, and give its texts."""
        body = {"model": "benchmark", "messages": [{"role": "user", "content": prompt}], "stream": True}
        body["stream_options"] = {"include_usage": True}
        response = self._session.post(self._url, json=body, stream=True)
        response.raise_for_status()
        reads = iter(lambda: response.raw.read1(65536, decode_content=True), b"")
        for event in SSEClient(reads).events():
            if event.data == "[DONE]":
                response.raw.read()
                return
            choices = json.loads(event.data)["choices"]
            if choices and (text := choices[0]["delta"].get("content")):
                yield text

    def echo(self, prompt: str, out: TextIO) -> str:
        """Ask for a streamed answer and show each piece of it at once."""
        parts = []
        for text in self.stream(prompt):
            parts.append(text)
            out.write(text)
            out.flush()
        out.write("\n")
        return "".join(parts)

    def offer(self, tool: Callable[..., Any]) -> None:
        """Offer a tool to the model."""
        self._tool = tool

    def use_tool(self, prompt: str) -> str:
        """Go on with the conversation, calling the tool as often as the model wants it."""
        self.messages.append({"role": "user", "content": prompt})
        while True:
            message = self._whole(self.messages, tools=[TOOL])
            self.messages.append(message)
            calls = message.get("tool_calls")
            if not calls:
                return message["content"]
            for call in calls:
                result = self._tool(**json.loads(call["function"]["arguments"]))
                self.messages.append({"role": "tool", "tool_call_id": call["id"], "content": json.dumps(result)})

    def _whole(self, messages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        body = {"model": "benchmark", "messages": messages, "stream": False, **more}
        response = self._session.post(self._url, json=body)
        response.raise_for_status()
        return json.loads(response.content)["choices"][0]["message"]
