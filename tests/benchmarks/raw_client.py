"""The yardstick: http.client, lines that begin with `data:`, and json.loads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import Any, TextIO
from urllib.parse import urlsplit

HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer benchmark-key"}
TOOL = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add two numbers.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        },
    },
}


class Client:
    """A conversation over one connection.

    Args:
        base_url: Where the server is, with the scenario in its path.
    """

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._path = f"{parts.path}/chat/completions"
        self._connection = HTTPConnection(parts.hostname or "", parts.port)
        self._tool: Callable[..., Any] = print
        self.messages: list[dict[str, Any]] = []

    def afresh(self) -> Client:
        """A new conversation over the same connection."""
        twin = Client.__new__(Client)
        twin._path, twin._connection, twin._tool, twin.messages = self._path, self._connection, self._tool, []
        return twin

    def apart(self) -> Client:
        """A conversation for another thread."""
        twin = self.afresh()
        twin._connection = HTTPConnection(self._connection.host, self._connection.port)
        return twin

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
        response = self._post({**body, "stream_options": {"include_usage": True}})
        for line in response:
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                response.read()
                return
            choices = json.loads(data)["choices"]
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
        return json.loads(self._post(body).read())["choices"][0]["message"]

    def _post(self, body: dict[str, Any]) -> HTTPResponse:
        self._connection.request("POST", self._path, json.dumps(body).encode(), HEADERS)
        response = self._connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"status {response.status}")
        return response
