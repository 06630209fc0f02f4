"""The ways in which a soak's streams live and end: as they should, and as careless clients do it."""

from localcloud.sonic import script
from tests.wire.support.emulator_h2 import RawClient, RawStream

SCRIPT = {
    "said": {
        "hello": "Hi there. How can I help?",
        "story": "Once upon a time there was a very long story that went on and on. " * 10,
        "find": ["One moment.", {"use": "lookup", "arguments": {"query": "roaming"}}],
    },
    "tools": {"lookup": "Roaming is free."},
    "characters_per_s": 300,
}
TOOL = {"toolSpec": {"name": "lookup", "description": "", "inputSchema": {"json": "{}"}}}
CANCEL = 8


async def until(stream: RawStream, name: str, times: int = 1) -> None:
    await stream.until(lambda one: sum(name in event for event in one.events()) >= times)


async def hang_up(stream: RawStream) -> None:
    await stream.send("promptEnd", promptName="p")
    await stream.send("sessionEnd")
    await stream.send_bytes(b"", end=True)
    await stream.finished()
    assert "completionEnd" in stream.events()[-1]


async def talk(stream: RawStream) -> None:
    """Two turns and a goodbye."""
    await stream.begin()
    await stream.audio(script.spoken("hello"))
    await until(stream, "audioOutput")
    await stream.audio(script.spoken("hello"))
    await until(stream, "completionStart")
    await hang_up(stream)


async def use_tool(stream: RawStream) -> None:
    """A tool's result while the agent speaks."""
    await stream.begin(tools=(TOOL,))
    await stream.audio(script.spoken("find"))
    await until(stream, "toolUse")
    (use_id,) = [event["toolUse"]["toolUseId"] for event in stream.events() if "toolUse" in event]
    block = {"promptName": "p", "contentName": "r"}
    await stream.send("contentStart", **block, type="TOOL", toolResultInputConfiguration={"toolUseId": use_id})
    await stream.send("toolResult", **block, content='{"passages": []}')
    await stream.send("contentEnd", **block)
    await hang_up(stream)


async def break_in(stream: RawStream) -> None:
    """An interrupted answer; the request ends without a word."""
    await stream.begin()
    await stream.audio(script.spoken("story"))
    await until(stream, "audioOutput")
    await stream.audio(script.spoken("hello"))
    await stream.send_bytes(b"", end=True)
    await stream.finished()


async def push_to_talk(stream: RawStream) -> None:
    """The audio content ends with the words."""
    await stream.begin()
    await stream.audio(script.spoken("hello", silence_ms=0))
    await stream.send("contentEnd", promptName="p", contentName="a")
    await until(stream, "audioOutput")
    await hang_up(stream)


async def give_up(stream: RawStream) -> None:
    """A reset in the middle of an answer."""
    await stream.begin()
    await stream.audio(script.spoken("story"))
    await until(stream, "audioOutput")
    stream.reset(CANCEL)


async def break_a_rule(stream: RawStream) -> None:
    await stream.begin()
    await stream.send("sessionStart")
    await stream.finished()
    assert stream.events()[-1]["exception"] == "validationException"


async def send_garbage(stream: RawStream) -> None:
    await stream.send_bytes(bytes(40))
    await stream.finished()


WAYS = (talk, use_tool, break_in, push_to_talk, give_up, break_a_rule, send_garbage)


async def call(client: RawClient, number: int) -> None:
    """The stream with this number, whose way follows from it."""
    stream = await client.open()
    await WAYS[number % len(WAYS)](stream)
    client.forget(stream)
