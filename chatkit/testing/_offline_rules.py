"""The rules by which the offline stand-in words its answers. All of them look at the history and nothing else."""

import json
import re
from collections.abc import Mapping
from typing import Any

from ._arithmetic import calculate, find_sum
from ._conversation import Conversation
from ._offline_markdown import wants_markdown, write_markdown
from ._schema_filler import fill

IDENTITY = (
    "I am the offline stand-in that comes with chatkit: there is no language model behind me, only a few fixed "
    "rules. I can remember what you tell me within a conversation, do sums, call your tools, fill in schemas "
    "and write Markdown."
)

_QUOTABLE = 300
_SELF = re.compile(
    r"\b(?:who|what) (?:are|r) you\b|\bwhat(?: is|'s) your name\b|\bare you (?:a|an|the|real|human|offline)\b"
    r"|\b(?:which|what) (?:language )?model\b|\babout yourself\b|\bwhat can you do\b",
    re.IGNORECASE,
)
_GREETING = re.compile(r"\W*(?:hello|hi|hey|howdy|greetings|good (?:morning|day|evening))\b", re.IGNORECASE)
_COUNT = re.compile(r"\bhow many (?:messages|turns|questions)\b", re.IGNORECASE)
_RECALL = re.compile(r"\bwhat (?:did|have) I (?:just )?(?:say|said|ask|asked|tell|told|write|written)\b", re.IGNORECASE)
_REMEMBERED = re.compile(r"\bwhat (?:do|did|should|can) (?:you|I ask you to) remember\b", re.IGNORECASE)
_QUESTION = re.compile(r"\b(?:what|who)(?: is|'s|s| was| are)? my ([\w' ]{1,60}?)\s*(?:\?|$)", re.IGNORECASE)
_FACT = re.compile(r"\bmy ([\w' ]{1,40}?) (?:is|are) ([^.!?\n,;]+)", re.IGNORECASE)
_REMEMBER = re.compile(r"\bremember(?: that)?[:,]? (.+)", re.IGNORECASE | re.DOTALL)


def write_answer(conversation: Conversation) -> str:
    """Return the words of the answer, once it is settled that no tool is called."""
    if (wanted := _wanted_json(conversation)) is not None:
        return wanted
    text = _report(conversation) or _words(conversation)
    return first_sentence(text) if conversation.is_terse else text


def first_sentence(text: str) -> str:
    """Return the first sentence of `text` that is no heading."""
    paragraphs = [one for one in text.strip().split("\n\n") if not one.startswith("#")]
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", "".join(paragraphs[:1]), maxsplit=1)[0]


def _wanted_json(conversation: Conversation) -> str | None:
    wanted = conversation.field("response_format") or {}
    schema = _wanted_schema(wanted, conversation.system)
    if schema is not None:
        return json.dumps(fill(schema, conversation.source), ensure_ascii=False)
    if wanted.get("type") == "json_object":
        words = _report(conversation) or _words(conversation)
        return json.dumps({"prompt": conversation.prompt, "answer": words}, ensure_ascii=False)
    return None


def _wanted_schema(wanted: Mapping[str, Any], system: str) -> Mapping[str, Any] | None:
    """The schema of the answer: in the request's own field, or behind "JSON schema:" in the system prompt."""
    if wanted.get("type") == "json_schema":
        described = wanted.get("json_schema")
        schema = described.get("schema") if isinstance(described, dict) else None
        return schema if isinstance(schema, dict) else {}
    _, told, text = system.rpartition("JSON schema:")
    try:
        schema = json.JSONDecoder().raw_decode(text.lstrip())[0] if told else None
    except ValueError:
        return None
    return schema if isinstance(schema, dict) else None


def _report(conversation: Conversation) -> str:
    """Tell what the tools gave."""
    return " ".join(f"The tool `{name}` gave: {_short(result)}." for name, result in conversation.results)


def _words(conversation: Conversation) -> str:
    """Apply the first rule that fits the prompt."""
    prompt = conversation.prompt
    if (remembered := _memory(conversation)) is not None:
        return remembered
    if _SELF.search(prompt) or (_GREETING.match(prompt) and len(prompt.split()) <= 5):
        return IDENTITY
    if wants_markdown(prompt):
        return write_markdown(prompt)
    if written := find_sum(prompt):
        value = calculate(written)
        return f"{written} = {value}." if value is not None else f"The sum {written} has no value."
    return _echo(conversation)


def _memory(conversation: Conversation) -> str | None:
    prompt = conversation.prompt
    if _COUNT.search(prompt):
        total = sum(one["role"] in ("user", "assistant") for one in conversation.messages)
        return f"Messages in this conversation so far: {total}. Yours among them: {len(conversation.said)}."
    if _RECALL.search(prompt):
        return _recall(conversation)
    if _REMEMBERED.search(prompt):
        facts = [found[1].strip(" .!") for text in conversation.earlier if (found := _REMEMBER.search(text))]
        return f"You asked me to remember: {'; '.join(facts)}." if facts else "You asked me to remember nothing."
    if asked := _QUESTION.search(prompt):
        return _tell_fact(conversation, asked[1])
    return _note_fact(prompt)


def _recall(conversation: Conversation) -> str:
    earlier = conversation.earlier
    if not earlier:
        return "This is the first thing that you have said."
    first = re.search(r"\bfirst\b|\bat the (?:start|beginning)\b", conversation.prompt, re.IGNORECASE)
    when, text = ("first", earlier[0]) if first else ("before", earlier[-1])
    return f'You said {when}: "{_short(text)}".'


def _tell_fact(conversation: Conversation, thing: str) -> str:
    known: dict[str, Any] = {}
    for text in conversation.earlier:
        known |= {name.lower(): value.strip() for name, value in _FACT.findall(text)}
    if thing.lower() in known:
        return f"Your {thing} is {known[thing.lower()]}."
    return f"You have not told me your {thing} in this conversation."


def _note_fact(prompt: str) -> str | None:
    if prompt.rstrip().endswith("?"):
        return None
    if told := _FACT.search(prompt):
        return f"I see: your {told[1]} is {told[2].strip()}."
    if told := _REMEMBER.search(prompt):
        return f"I will remember it: {told[1].strip(' .!')}."
    return None


def _echo(conversation: Conversation) -> str:
    prompt, said = conversation.prompt, len(conversation.said)
    parts = conversation.attachments
    with_parts = f" It came with {len(parts)} further parts: {', '.join(parts)}." if parts else ""
    words = len(prompt.split())
    return (
        f'You said: "{_short(prompt)}".{with_parts} That is {words} {"word" if words == 1 else "words"}, '
        f"in message {said} of yours. I am the offline stand-in, and have no language model to say more with."
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTABLE else f"{line[:_QUOTABLE]}..."
