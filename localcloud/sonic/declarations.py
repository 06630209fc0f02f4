"""What ``sessionStart`` and ``promptStart`` declare: inference, endpointing, voice, audio format, tools.

Every check is a line of docs/sonic-protocol.md.
"""

import json
import re
from typing import Any

from localcloud.sonic.errors import invalid, unparseable
from localcloud.sonic.facts import AudioOpened, PromptStarted, SessionStarted
from localcloud.sonic.fields import Body, filled, fixed, number, one_of, section, text, whole
from localcloud.sonic.ports import Tool

SENSITIVITIES = ("HIGH", "MEDIUM", "LOW")
RATES_HZ = (8_000, 16_000, 24_000)
MAX_TOKENS = 10_000
# The voice table of the Nova 2 guide.
VOICES = (
    *("tiffany", "matthew", "amy", "olivia", "kiara", "arjun", "ambre", "florian"),
    *("beatrice", "lorenzo", "tina", "lennart", "lupe", "carlos", "carolina", "leo"),
)
_PCM = {
    "mediaType": "audio/lpcm",
    "sampleSizeBits": 16,
    "channelCount": 1,
    "audioType": "SPEECH",
    "encoding": "base64",
}
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def session_start(body: Body) -> SessionStarted:
    """Read ``sessionStart``; raises SonicError."""
    inference = section(body, "inferenceConfiguration")
    max_tokens = whole(inference, "maxTokens", 1, MAX_TOKENS, 1024)
    number(inference, "topP", 0, 1, 0.9)
    number(inference, "temperature", 0, 1, 0.7)
    if "endpointingSensitivity" in body:
        raise invalid("endpointingSensitivity belongs into turnDetectionConfiguration")
    turns = section(body, "turnDetectionConfiguration")
    return SessionStarted(max_tokens, one_of(turns, "endpointingSensitivity", SENSITIVITIES, "MEDIUM"))


def prompt_start(body: Body) -> PromptStarted:
    """Read ``promptStart``; raises SonicError."""
    name = filled(body, "promptName")
    fixed(section(body, "textOutputConfiguration"), {"mediaType": "text/plain"})
    fixed(section(body, "toolUseOutputConfiguration"), {"mediaType": "application/json"})
    audio = section(body, "audioOutputConfiguration", required=True)
    rate_hz = pcm_rate(audio)
    return PromptStarted(name, one_of(audio, "voiceId", VOICES), rate_hz, _tools(body))


def audio_input(body: Body) -> AudioOpened:
    """Read the ``contentStart`` of an audio block; raises SonicError."""
    return AudioOpened(pcm_rate(section(body, "audioInputConfiguration", required=True)))


def pcm_rate(audio: Body) -> int:
    """The sample rate of an audio configuration whose other fields are the only legal ones."""
    fixed(audio, _PCM)
    rate_hz = whole(audio, "sampleRateHertz", 0, 1_000_000, 0)
    if rate_hz not in RATES_HZ:
        raise invalid(f"sampleRateHertz must be one of {', '.join(map(str, RATES_HZ))}")
    return rate_hz


def _tools(body: Body) -> tuple[Tool, ...]:
    configuration = section(body, "toolConfiguration")
    declared = configuration.get("tools", [])
    if not isinstance(declared, list):
        raise unparseable("toolConfiguration.tools must be a list")
    tools = tuple(_tool(one) for one in declared)
    if len({tool.name for tool in tools}) != len(tools):
        raise invalid("tool names must be unique")
    section(configuration, "toolChoice")
    return tools


def _tool(declared: Any) -> Tool:
    if not isinstance(declared, dict):
        raise unparseable("a tool must be an object")
    spec = section(declared, "toolSpec", required=True)
    name = filled(spec, "name")
    if _TOOL_NAME.fullmatch(name) is None:
        raise invalid("a tool's name must match [a-zA-Z0-9_-]{1,64}")
    description = spec.get("description", "")
    if not isinstance(description, str):
        raise unparseable("a tool's description must be a string")
    # "The json field must be a string": an object here is the most common first mistake.
    schema_text = text(section(spec, "inputSchema", required=True), "json")
    try:
        schema = json.loads(schema_text)
    except (ValueError, RecursionError):
        schema = None
    if not isinstance(schema, dict):
        raise unparseable("inputSchema.json must be a JSON schema as a string")
    return Tool(name, description, schema)
