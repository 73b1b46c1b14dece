"""What can be wrong with a tape, and the refusal of a real request.

None of these is an OSError or a ValueError: chatkit takes those for faults of the connection, and would try again.
"""


class TapeError(RuntimeError):
    """A tape that cannot be read or written, or that does not have what is asked of it."""


class TapeMismatchError(TapeError):
    """A request that is not on the tape, or, at the end, exchanges of the tape that nobody asked for."""


class RequestForbiddenError(RuntimeError):
    """A real request, while `forbid_requests()` is on. Nothing was sent."""
