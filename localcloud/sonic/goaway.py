"""Takes a client's friendly GOAWAY out of the bytes before h2 sees it.

AWS SDK v3 for JavaScript sends GOAWAY(NO_ERROR) when the response headers arrive and goes on streaming, which RFC 9113
section 6.8 allows; h2 closes the whole connection on any GOAWAY. Nothing is lost by not telling it: a client that is
done closes its streams and its socket.
"""

PREFACE_BYTES = 24
HEADER_BYTES = 9
GOAWAY = 0x7


class GoawayFilter:
    """Walks HTTP/2 frames in a byte stream of any slicing; passes all but GOAWAY frames with error code 0."""

    def __init__(self) -> None:
        self._pass_bytes = PREFACE_BYTES
        self._held = bytearray()

    def feed(self, data: bytes) -> bytes:
        """What h2 should see of ``data`` and of what was held back before."""
        if not self._held and len(data) <= self._pass_bytes:
            self._pass_bytes -= len(data)
            return data
        source = bytes(self._held) + data if self._held else data
        self._held.clear()
        out = []
        at = 0
        while at < len(source):
            if self._pass_bytes:
                end = min(at + self._pass_bytes, len(source))
                self._pass_bytes -= end - at
                out.append(source[at:end])
                at = end
                continue
            header = source[at : at + HEADER_BYTES]
            length = int.from_bytes(header[:3], "big") + HEADER_BYTES
            if len(header) < HEADER_BYTES or (header[3] == GOAWAY and len(source) < at + length):
                self._held += source[at:]
                break
            if header[3] == GOAWAY and source[at + 13 : at + 17] == bytes(4):
                at += length
            else:
                self._pass_bytes = length
        return b"".join(out)
