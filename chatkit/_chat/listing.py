"""What a chat tells of the models that its server has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatkit._chat.state import ChatState

if TYPE_CHECKING:
    from chatkit._models.choosing import SortKey
    from chatkit._models.lists import ModelList


class Listing(ChatState):
    """The models of a chat's server."""

    def models(
        self,
        *,
        refresh: bool = False,
        tools: bool | None = None,
        structured: bool | None = None,
        modality: str | None = None,
        provider: str | None = None,
        max_price: float | None = None,
        min_context: int | None = None,
        search: str | None = None,
        live: bool | None = None,
        sort: SortKey | None = None,
    ) -> ModelList:
        """The models that the chat's server lists, to choose one for `chat.model = ...`.

        The list is kept for an hour, for all chats with the same address. Asking for it leaves the conversation alone,
        so it may be done while an answer is streaming. The twin is `models_async`.

        Args:
            refresh: Whether to fetch it anew.
            tools: Whether a model takes tools. This and what follows: as for `ModelList.filter`.
            structured: Whether it gives typed answers by a JSON schema.
            modality: What it has to read: "text", "image", "audio" or "video".
            provider: Who serves it.
            max_price: US dollars per million tokens, at most.
            min_context: Tokens of request and answer together, at least.
            search: Words that its name holds.
            live: Whether it can be used right now.
            sort: In which order, as for `ModelList.sort`; None leaves the server's.

        Returns:
            The list, a sequence that shows itself as a table.

        Raises:
            ConfigError: when a filter is of the wrong kind.
            NotFoundError: when the server has no list.
            APIError: when the list cannot be had.
        """
        from chatkit._engine.listing import list_models, run_listing
        from chatkit._models.choosing import Wish
        from chatkit._models.lists import Choice

        wish = Wish(tools, structured, modality, provider, max_price, min_context, search, live)
        choice = Choice(wish, sort)
        return choice.of(run_listing(list_models(self._talk.provider, refresh=refresh), self._transport))

    async def models_async(
        self,
        *,
        refresh: bool = False,
        tools: bool | None = None,
        structured: bool | None = None,
        modality: str | None = None,
        provider: str | None = None,
        max_price: float | None = None,
        min_context: int | None = None,
        search: str | None = None,
        live: bool | None = None,
        sort: SortKey | None = None,
    ) -> ModelList:
        """The twin of `models`."""
        from chatkit._engine.listing import list_models, run_listing_async
        from chatkit._models.choosing import Wish
        from chatkit._models.lists import Choice

        wish = Wish(tools, structured, modality, provider, max_price, min_context, search, live)
        choice = Choice(wish, sort)
        return choice.of(await run_listing_async(list_models(self._talk.provider, refresh=refresh), self._transport))
