"""One sentence of advice for a server's complaint: what the user can do about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from chatkit._http.retry import LONGEST_WAIT
from chatkit._providers.addresses import host_of, shown_url
from chatkit._providers.complaint import Complaint

_HF = re.compile(r"(^|\.)(huggingface\.co|huggingface\.cloud|hf\.space)$")
# What servers say of parts of a request that a model, or they themselves, cannot take.
_PARTS = (
    (re.compile(r"image|\bvision\b|multi-?modal|mmproj", re.IGNORECASE), "an image", "images, as vision models do"),
    (re.compile(r"audio", re.IGNORECASE), "sound", "sound"),
    (re.compile(r"\bpdf\b|\bfile_data\b|type:? ?['\"`]?file\b", re.IGNORECASE), "a document", "PDFs and other files"),
)
_ROUTER = "router.huggingface.co"
_PART_STATUSES = (400, 404, 415, 422, 500, 501)
# Most servers do not speak it.
_OLDER = 'does the server know the Responses format? All know api="chat_completions".'
_NO_PROVIDER = re.compile(r"not supported by (any )?provider", re.IGNORECASE)
_NO_ROUTE = re.compile(r"(404:? )?((file|page|path|route) )?not found\.?|404 page not found", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What was asked, of whom, with which key: all that advice may have to name.

    Args:
        url: Where the request went.
        model: The model asked for.
        source: Where the key came from; empty when none was sent.
        wait: Seconds the server asks to wait, if it does.
        size: Bytes of the request's body, if known.
        largest: Bytes of its largest attachment, if known.
    """

    url: str
    model: str | None
    source: str = ""
    wait: float | None = None
    size: int | None = None
    largest: int | None = None

    @property
    def host(self) -> str:
        """The host asked, with its port."""
        return host_of(self.url) or "The server"

    @property
    def is_hugging_face(self) -> bool:
        """Whether the host is one of Hugging Face's."""
        return bool(_HF.search(self.host))


def hint_for(complaint: Complaint, case: Circumstances) -> str:
    """Advise on a complaint; empty when there is nothing useful to say."""
    if complaint.is_about_context:
        return "The conversation is too long for the model: drop early turns or attachments, or lower max_tokens."
    if complaint.status in _PART_STATUSES and (advice := _on_parts(complaint, case)):
        return advice
    advise = _ADVICE.get(complaint.status or 0)
    wait = ""
    if case.wait is not None and complaint.estimate is None and not complaint.is_about_quota:
        wait = f"It asks to wait {case.wait:g} seconds"
        wait += f", longer than the {LONGEST_WAIT:g} that chatkit waits." if case.wait > LONGEST_WAIT else "."
    return " ".join(filter(None, [advise(complaint, case) if advise else "", wait]))


def _on_parts(complaint: Complaint, case: Circumstances) -> str:
    # A model's own name says nothing, and many hold such a word.
    said = re.sub(rf"(?<!\w){re.escape(case.model)}(?!\w)", "", complaint.words) if case.model else complaint.words
    for words, part, kind in _PARTS:
        if words.search(said):
            model = f"the model {case.model!r}" if case.model else "the model"
            return f"The server complains about {part}: does {model} take {kind}?"
    return ""


def _on_request(complaint: Complaint, case: Circumstances) -> str:
    if complaint.code == "model_not_supported" or _NO_PROVIDER.search(complaint.words):
        page = "https://huggingface.co/settings/inference-providers"
        return f"No provider that may be used serves the model: name another one, or see {page}."
    return ""


def _on_gone(complaint: Complaint, case: Circumstances) -> str:
    if case.is_hugging_face or "router.huggingface.co" in complaint.words:
        return 'Hugging Face answers at base_url="https://router.huggingface.co/v1" now, as chat_huggingface() knows.'
    return f"{case.host} no longer serves this: is there a new address, or another model?"


def _on_key(complaint: Complaint, case: Circumstances) -> str:
    page = " Tokens are made at https://huggingface.co/settings/tokens." if case.is_hugging_face else ""
    if not case.source:
        return f"No key was sent; give credentials=.{page}"
    kind = " The router takes Hugging Face's own tokens only, which begin with hf_." if case.host == _ROUTER else ""
    return f"The key came from {case.source}; is it one for {case.host}?{kind}{page}"


def _on_credits(complaint: Complaint, case: Circumstances) -> str:
    page = " See https://huggingface.co/settings/billing." if case.is_hugging_face else ""
    return f"The account's credits are used up, so trying again does not help.{page}"


def _on_permission(complaint: Complaint, case: Circumstances) -> str:
    if not case.is_hugging_face:
        return "The key is known, but may not be used for this."
    if re.search(r"gated|awaiting|accept|restricted", complaint.words, re.IGNORECASE):
        return f"The model is gated: ask for access at https://huggingface.co/{(case.model or '').partition(':')[0]}."
    return (
        "The token lacks a permission; it needs the inference permission "
        '("Make calls to Inference Providers") at https://huggingface.co/settings/tokens.'
    )


def _on_missing(complaint: Complaint, case: Circumstances) -> str:
    nothing = complaint.is_page or not complaint.words or bool(_NO_ROUTE.fullmatch(complaint.words))
    if case.url.endswith("/responses") and (nothing or "url" in complaint.words.lower()):
        return f"Nothing is served at {shown_url(case.url)}: {_OLDER}"
    if nothing:
        return f"Nothing is served at {shown_url(case.url)}: does base_url need /v1 at its end?"
    return f"Is the name of the model right, and is it served at {shown_url(case.url)}?"


def _on_method(complaint: Complaint, case: Circumstances) -> str:
    if case.url.endswith("/responses"):
        return f"POST {shown_url(case.url)} is not allowed: {_OLDER}"
    return f"POST {shown_url(case.url)} is not allowed: is base_url the address of a chat API?"


def _on_size(complaint: Complaint, case: Circumstances) -> str:
    told = f" ({_megabytes(case.size)})" if case.size is not None else ""
    largest = f"; the largest attachment has {_megabytes(case.largest)}" if case.largest is not None else ""
    return f"The request is too large{told}{largest}: send fewer or smaller attachments."


def _on_rate(complaint: Complaint, case: Circumstances) -> str:
    if complaint.is_about_quota:
        return "The quota of the account is used up; waiting does not help, a higher quota or new credit does."
    return "Too many requests or tokens in a short time: send less at once."


def _on_unavailable(complaint: Complaint, case: Circumstances) -> str:
    if complaint.estimate is not None or re.search(r"\bloading\b|starting", complaint.words, re.IGNORECASE):
        told = f" (estimated: {complaint.estimate:g} seconds)" if complaint.estimate is not None else ""
        return f"The model is still loading{told}; try again later."
    return "The server is not ready or has too much to do; try again later."


def _on_gateway_time(complaint: Complaint, case: Circumstances) -> str:
    return "The answer took longer than a gateway allows: stream the answer, or ask for a shorter one."


def _on_overload(complaint: Complaint, case: Circumstances) -> str:
    return "The server is overloaded; try again later."


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


_ADVICE: dict[int, Callable[[Complaint, Circumstances], str]] = {
    400: _on_request,
    401: _on_key,
    402: _on_credits,
    403: _on_permission,
    404: _on_missing,
    405: _on_method,
    410: _on_gone,
    413: _on_size,
    429: _on_rate,
    503: _on_unavailable,
    504: _on_gateway_time,
    524: _on_gateway_time,
    529: _on_overload,
}
