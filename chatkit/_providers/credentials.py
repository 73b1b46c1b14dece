"""Where keys come from, asked anew for every request, and never kept where they could be seen.

A key lives in the environment, in a file, or in a function; a `Credentials` knows the way there and its name. No
frame that raises an error here holds a key, and no error is raised while another is handled.
"""

from __future__ import annotations

import importlib
import inspect
import os
import re
import types
from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any, TypeAlias

from chatkit._errors import ConfigError, MissingKeyError
from chatkit._providers.addresses import hostname_of
from chatkit._providers.headers import check_headers, fault_of_headers, fault_of_key
from chatkit._providers.hf_token import HF_VARIABLES, IMPLICIT_OFF, find_token, implicit_off, token_file

__all__ = [
    "Credentials",
    "HF_VARIABLES",
    "api_key_credentials",
    "check_headers",
    "huggingface_credentials",
    "huggingface_default",
    "lost_credentials",
    "no_credentials",
    "openai_compatible_credentials",
    "user_credentials",
]

# Not *.hf.space: anybody may run a Space, and would be handed the token of whoever names it.
_HF_HOSTS = ("huggingface.co", "endpoints.huggingface.cloud")
# Some give the whole value of the header; a second "Bearer" before it would spoil it.
_SCHEME = re.compile(r"\s*bearer(\s+|$)", re.IGNORECASE)
_HF_PAGE = "https://huggingface.co/settings/tokens"
_OPENAI = "https://api.openai.com/v1"
_OPENAI_PAGE = "https://platform.openai.com/api-keys"

Headers: TypeAlias = dict[str, str]
_Saved: TypeAlias = tuple[Callable[..., "Credentials"], tuple[str, ...]]


class Credentials:
    """Gives the headers that hold the key; called at every attempt, for keys change and expire.

    Its repr shows the source only. A copy is the same object. A pickle keeps the way to the key, never the key: an
    environment look-up is done anew where it is unpickled, an importable function is kept by its name, and anything
    else is lost, which an error tells when the key is next needed.

    Args:
        name: What messages call the source, or a function that tells it.
        look: Finds the headers, an awaitable of them, or an error that it does not raise.
        saved: What a pickle keeps: a function that makes credentials, and its arguments. By default, that they are
            lost.
        asynchronous: Whether calling it gives an awaitable; an async driver then calls it in its own loop, and
            calls others, which may block, in a thread.
    """

    __slots__ = ("_look", "_name", "_saved", "asynchronous")

    def __init__(
        self,
        name: str | Callable[[], str],
        look: Callable[[], Headers | Awaitable[Headers] | ConfigError],
        saved: _Saved | None = None,
        *,
        asynchronous: bool = False,
    ) -> None:
        self._name = name
        self._look = look
        self._saved = saved
        self.asynchronous = asynchronous

    def __call__(self) -> Headers | Awaitable[Headers]:
        """Look for the key.

        Returns:
            The headers; or, when the user's callable is asynchronous, an awaitable of them.

        Raises:
            MissingKeyError: when there is no key; it names every place looked at.
            ConfigError: when a key cannot be sent; it names the source and what is wrong, never the key.
        """
        found = self._look()
        if isinstance(found, ConfigError):
            raise found
        return found

    @property
    def source(self) -> str:
        """Where the key comes from, for messages; empty when no key is needed."""
        return self._name if isinstance(self._name, str) else self._name()

    def __repr__(self) -> str:
        return f"Credentials({self.source or 'none'})"

    def __copy__(self) -> Credentials:
        return self

    def __deepcopy__(self, memo: object) -> Credentials:
        return self

    def __reduce__(self) -> _Saved:
        return self._saved or (lost_credentials, (self.source,))


class _Later:
    """Awaits what an asynchronous callable of the user gives, and checks it as if it had come at once."""

    __slots__ = ("_answer", "_source")

    def __init__(self, answer: Awaitable[Any], source: str) -> None:
        self._answer = answer
        self._source = source

    def __await__(self) -> Generator[Any, Any, Headers]:
        found = _checked((yield from self._answer.__await__()), self._source)
        if isinstance(found, ConfigError):
            raise found
        return found


def no_credentials() -> Credentials:
    """Credentials for a server that needs none."""
    return Credentials("", dict, (no_credentials, ()))


def user_credentials(given: Callable[[], Any]) -> Credentials:
    """Wrap the `credentials=` of a user.

    Args:
        given: A function without arguments that gives a key (sent as `Authorization: Bearer ...`) or a mapping of
            headers; it may be asynchronous. It is called at every attempt.

    Raises:
        ConfigError: when it is not such a function.
    """
    if isinstance(given, Credentials):
        return given
    fault = _fault_of_callable(given)
    if fault:
        del given
        hint = "To give a key itself, write credentials=lambda: key."
        raise ConfigError(f"`credentials` must be a function without arguments, {fault}.", hint=hint)
    name = getattr(given, "__qualname__", type(given).__name__)
    source = f"credentials={name}"

    def look() -> Headers | Awaitable[Headers] | ConfigError:
        answer = given()
        return _Later(answer, source) if isinstance(answer, Awaitable) else _checked(answer, source)

    asynchronous = inspect.iscoroutinefunction(given) or inspect.iscoroutinefunction(type(given).__call__)
    return Credentials(source, look, _reference(given), asynchronous=asynchronous)


def api_key_credentials(key: str) -> Credentials:
    """Wrap a literal key; it stays in a closure, and a pickle of the credentials drops it."""
    return Credentials("api_key", lambda: _checked(key, "api_key"))


def openai_compatible_credentials(base_url: str, environ: Mapping[str, str] | None = None) -> Credentials:
    """The default credentials of an OpenAI-compatible server.

    `OPENAI_API_KEY` is sent to api.openai.com and nowhere else: a key of one service is no business of another.

    Args:
        base_url: Where requests go.
        environ: In place of the environment. A pickle does not keep it.
    """
    if hostname_of(base_url) != hostname_of(_OPENAI):
        return no_credentials()

    def look() -> Headers | ConfigError:
        key = _environment(environ).get("OPENAI_API_KEY", "")
        hint = f"Set it to a key from {_OPENAI_PAGE}, or give credentials=."
        return _bearer("OPENAI_API_KEY", key) or MissingKeyError("There is no key: OPENAI_API_KEY is unset.", hint=hint)

    return Credentials("OPENAI_API_KEY", look, (openai_compatible_credentials, (_OPENAI,)))


def huggingface_default(base_url: str, environ: Mapping[str, str] | None = None) -> Credentials:
    """The default credentials of Hugging Face: a token for its own hosts, none for loopback and foreign ones."""
    host = hostname_of(base_url)
    own = any(host == known or host.endswith(f".{known}") for known in _HF_HOSTS)
    return huggingface_credentials(environ) if own else no_credentials()


def huggingface_credentials(environ: Mapping[str, str] | None = None) -> Credentials:
    """Look for a Hugging Face token, each time it is needed; use it for Hugging Face's own hosts only.

    Places, in this order: HF_TOKEN, HUGGINGFACE_API_KEY, HUGGING_FACE_HUB_TOKEN, HUGGINGFACEHUB_API_TOKEN,
    HUGGING_FACE_ACCESS_TOKEN, then the token file of huggingface_hub (HF_TOKEN_PATH, else `token` in HF_HOME, else in
    XDG_CACHE_HOME/huggingface, else in ~/.cache/huggingface). As with huggingface_hub, none of them is used when
    HF_HUB_DISABLE_IMPLICIT_TOKEN is set to 1, on, yes or true.

    Args:
        environ: In place of the environment. A pickle does not keep it.
    """

    def look() -> Headers | ConfigError:
        variables = _environment(environ)
        return _bearer(*find_token(variables)) or _missing_hf_token(variables)

    def source() -> str:
        return find_token(_environment(environ))[0]

    return Credentials(source, look, (huggingface_credentials, ()))


def _environment(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    return os.environ if environ is None else environ


def _missing_hf_token(environ: Mapping[str, str]) -> MissingKeyError:
    hint = f"Set HF_TOKEN to a token from {_HF_PAGE}, run `hf auth login`, or give credentials=."
    if implicit_off(environ):
        return MissingKeyError(f"{IMPLICIT_OFF} is set, so no Hugging Face token was looked for.", hint=hint)
    places = ", ".join(f"{name} (set, but empty)" if name in environ else name for name in HF_VARIABLES)
    path = token_file(environ)
    return MissingKeyError(f"There is no Hugging Face token: looked at {places} and the token file {path}.", hint=hint)


def _bearer(source: str, key: str) -> Headers | ConfigError | None:
    """The header that holds a key, what is wrong with the key, or None when it is empty."""
    key = key.strip()
    fault = fault_of_key(key)
    if fault:
        return ConfigError(f"The key in {source} contains {fault}.")
    return {"Authorization": f"Bearer {key}"} if key else None


def _checked(given: Any, source: str) -> Headers | ConfigError:
    """The headers that a user's key or headers come to, or what is wrong with them."""
    empty = MissingKeyError(f"There is no key: {source} is empty.", hint="It must hold a key, or give one when called.")
    if given is None:
        return empty
    if isinstance(given, str):
        return _bearer(source, _without_scheme(given)) or empty
    if not isinstance(given, Mapping):
        return ConfigError(f"{source} must give a key or a mapping of headers, not {type(given).__name__}.")
    fault = fault_of_headers(given)
    if fault:
        return ConfigError(f"{source}: {fault}")
    headers = {name: value.strip() for name, value in given.items()}
    return empty if any(value.lower() in ("", "bearer") for value in headers.values()) else headers


def _without_scheme(text: str) -> str:
    found = _SCHEME.match(text)
    return text[found.end() :] if found else text


def _fault_of_callable(given: object) -> str:
    if not callable(given):
        return f"not {type(given).__name__}"
    try:
        inspect.signature(given).bind()
    except TypeError:
        return "but this one wants some"
    except ValueError:  # some functions written in C do not tell
        return ""
    return ""


def _reference(given: Callable[[], Any]) -> _Saved | None:
    """How to find a function again by its name, if it can be."""
    if not isinstance(given, types.FunctionType | types.BuiltinFunctionType):
        return None
    module, name = str(given.__module__), given.__qualname__
    return (_found_again, (module, name)) if _by_name(module, name) is given else None


def _by_name(module: str, name: str) -> Any:
    try:
        found: Any = importlib.import_module(module)
        for step in name.split("."):
            found = getattr(found, step)
    except (ImportError, AttributeError):
        return None
    return found


def _found_again(module: str, name: str) -> Credentials:
    found = _by_name(module, name)
    return user_credentials(found) if callable(found) else lost_credentials(f"credentials={name}")


def lost_credentials(source: str) -> Credentials:
    """Credentials that were not saved; using them says so."""
    hint = "A key is never saved; give credentials= anew."
    return Credentials(source, lambda: MissingKeyError(f"There is no key: {source} was not saved.", hint=hint))
