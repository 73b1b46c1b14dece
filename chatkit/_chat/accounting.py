"""What a chat used and cost, and what the next answer may cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from chatkit._chat.state import ChatState
from chatkit._engine.pricing import answered_by, is_counted, look_up, priced_now
from chatkit._errors import ConfigError
from chatkit._turns.accounting import TokenRow, token_rows, total_cost, total_usage
from chatkit._turns.contents import Content
from chatkit._turns.turns import AssistantTurn, Turn, Usage

if TYPE_CHECKING:
    from chatkit._models.estimating import Estimate


class Accounting(ChatState):
    """What a chat counts."""

    def usage(self) -> Usage:
        """The tokens of all whole answers in the history; a sum with an unknown in it is None."""
        return total_usage(self._talk.history.turns)

    def get_tokens(self) -> list[TokenRow]:
        """The tokens of each whole answer in the history, oldest first, and its cost where the price is known by now.

        Nothing is sent; `get_cost()` looks for prices that are missing.
        """
        return token_rows(priced_now(self._talk, self._talk.history.turns))

    def get_cost(self, include: Literal["all", "last"] = "all") -> float | None:
        """What the answers in the history cost, in US dollars; None when it is not known of one of them.

        What a server itself told of an answer's cost counts. Otherwise it is tokens times price, and the price is
        looked for in this order: your own `prices=`, the server's list of models (the offer of the provider that
        really served the answer), and the package genai-prices, if it is installed and knows the host. Answers
        without token counts have no known cost. Tokens from a cache are paid in full where no price for them is
        known. Partial answers are not counted: no server tells what they cost.

        When a price is missing, the server is asked for its list of models: one short GET request, at most once an
        hour, or once a minute while it gives none. This is the only thing that is ever sent here. In async code, where
        waiting for it would hold up everything else, `await chat.models_async()` first: then nothing is left to ask.

        Args:
            include: "all" whole answers, or the "last" one only. 0.0 when there is none.

        Raises:
            ConfigError: when `include` is something else. Never because of the request.
        """
        if include not in ("all", "last"):
            raise ConfigError(f'`include` must be "all" or "last", not {include!r}.')
        whole = [
            turn for turn in self._talk.history.turns if isinstance(turn, AssistantTurn) and turn.interrupted is None
        ]
        turns = priced_now(self._talk, whole if include == "all" else whole[-1:])
        missing = [turn for turn in turns if turn.cost is None]
        # A list does not help an answer whose tokens are not known.
        if missing and all(map(is_counted, missing)):
            look_up([answered_by(self._talk, turn) for turn in missing], self._transport)
            turns = priced_now(self._talk, turns)
        return total_cost(turns)

    def estimate(self, *contents: str | Content | None, output_tokens: int | None = None) -> Estimate:
        """What the next answer may take and cost, before it is asked for. Nothing is said by it.

        The tokens of the request are a rough estimate: a quarter of the bytes of all text, that is the system prompt,
        the tools' schemas, the history and what is to be said, 4 for each message, and simple rules for media. On 21
        recorded requests of 7 to 200 tokens it was at most 8 too high and 37 too low, since the templates of models
        add words of their own; a request with a tool was 439 too low, with a schema for the answer some 160.
        Tool calls, which make further requests, and reasoning are not foreseen.

        Where no price is known, the server is asked for its list of models, as in `get_cost()`; nothing else is sent.
        When several providers may answer, the cost is a range from the cheapest to the dearest that is live.

        Args:
            *contents: What is to be said; nothing estimates what is there already.
            output_tokens: The most tokens that the answer will have; None takes `max_tokens` of the parameters, and
                without that the end of the range is not known.

        Returns:
            The estimate.

        Raises:
            ConfigError: when something given is no content, or no number of tokens.
        """
        from chatkit._models.estimating import estimated

        talk = self._talk
        made = estimated(talk.provider, talk.prices, self._request_turns(contents), self._tools(), output_tokens)
        if made.cost is None:
            look_up([talk.provider], self._transport)
            made = estimated(talk.provider, talk.prices, self._request_turns(contents), self._tools(), output_tokens)
        return made

    def _request_turns(self, contents: Sequence[Any]) -> list[Turn]:
        from chatkit._turns.inputs import user_turn

        given = [item for item in contents if item is not None]
        system = self._talk.system
        turns = self._talk.history.sendable(user_turn(given) if given else None)
        return [*([system] if system is not None else []), *turns]

    def _tools(self) -> list[dict[str, Any]]:
        return [tool.definition for tool in self._talk.toolbox.definitions]
