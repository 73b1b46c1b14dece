"""What is done to a body before it is framed: joined, compressed, damaged, shortened."""

import zlib
from collections.abc import Iterable, Iterator

from ._delivery import Delivery

_GZIP = 31


def coded(pieces: Iterable[bytes], delivery: Delivery) -> Iterator[bytes]:
    """Yield the body's pieces as `delivery` wants them; lazily, since a body may have no end."""
    if delivery.coalesce:
        pieces = [b"".join(pieces)]
    if delivery.gzip:
        pieces = _damaged(_gzipped(pieces, delivery), delivery)
    if delivery.cut == "clean" and delivery.cut_after is not None:
        pieces = _shortened(pieces, delivery.cut_after)
    return (piece for piece in pieces if piece)


def _gzipped(pieces: Iterable[bytes], delivery: Delivery) -> Iterator[bytes]:
    compressor = zlib.compressobj(wbits=_GZIP)
    for piece in pieces:
        yield compressor.compress(piece) + compressor.flush(zlib.Z_SYNC_FLUSH)
    if delivery.gzip_fault != "truncated":
        yield compressor.flush()


def _damaged(pieces: Iterable[bytes], delivery: Delivery) -> Iterable[bytes]:
    if delivery.gzip_fault not in ("start", "middle"):
        return pieces
    spoiled = list(pieces)
    place = 0 if delivery.gzip_fault == "start" else (len(spoiled) - 1) // 2
    whole = spoiled[place]
    # Every piece but the first begins a new deflate block, and no block begins with a byte 0xFF.
    keep = 0 if delivery.gzip_fault == "start" or place else len(whole) // 2
    spoiled[place] = whole[:keep] + b"\xff" * (len(whole) - keep)
    return spoiled


def _shortened(pieces: Iterable[bytes], length: int) -> Iterator[bytes]:
    for piece in pieces:
        if length <= 0:
            return
        yield piece[:length]
        length -= len(piece)
