"""``python -m localcloud.sonic``: an emulator of Nova Sonic on this machine, with real ears and a real voice."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from localcloud.sonic import scriptfile
from localcloud.sonic.server import SonicServer, SonicSettings, Speech, serve
from localcloud.sonic.settings import LOCAL_CREDENTIALS, PAUSES_MS, Credentials

logger = logging.getLogger("localcloud.sonic")


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m localcloud.sonic", description=__doc__)
    environ = os.environ.get
    key_id = environ("AWS_ACCESS_KEY_ID") or LOCAL_CREDENTIALS.access_key_id
    secret = environ("AWS_SECRET_ACCESS_KEY") or LOCAL_CREDENTIALS.secret_access_key
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8443, help="0 takes a free one")
    parser.add_argument("--state-dir", type=Path, default=Path(".local/sonic"), help="keeps the certificates")
    parser.add_argument("--access-key-id", default=key_id)
    parser.add_argument("--secret-access-key", default=secret)
    parser.add_argument("--session-token", default=environ("AWS_SESSION_TOKEN"))
    parser.add_argument("--pace", type=float, default=4.0, help="agent audio is sent this much faster than it plays")
    parser.add_argument("--life-s", type=float, default=480, help="how long a stream may last")
    parser.add_argument("--idle-s", type=float, default=55, help="how long a stream may be silent")
    parser.add_argument("--streams", type=int, default=20, help="streams at once")
    parser.add_argument("--max-tokens", type=int, default=10_000, help="an answer is cut after so many tokens")
    parser.add_argument("--speech-threads", type=int, default=2)
    parser.add_argument("--script", type=Path, metavar="FILE", help="answer by this file, without speech models")
    parser.add_argument("--record", type=Path, metavar="DIR", help="write every conversation down, audio included")
    for name, pause_ms in PAUSES_MS.items():
        text = f"silence that ends a turn at endpointingSensitivity {name}"
        parser.add_argument(f"--pause-{name.lower()}-ms", type=int, default=pause_ms, help=text)
    return parser


def settings_of(given: argparse.Namespace) -> SonicSettings:
    """Settings from a parsed command line."""
    return SonicSettings(
        state_dir=given.state_dir,
        host=given.host,
        port=given.port,
        credentials=(Credentials(given.access_key_id, given.secret_access_key, given.session_token),),
        pace=given.pace,
        pauses_ms=tuple((name, getattr(given, f"pause_{name.lower()}_ms")) for name in PAUSES_MS),
        life_s=given.life_s,
        idle_s=given.idle_s,
        stream_quota=given.streams,
        max_tokens=given.max_tokens,
        speech_threads=given.speech_threads,
        record_dir=given.record,
    )


def introduction(server: SonicServer) -> str:
    """What a person needs in order to use the emulator."""
    return (
        f"Nova Sonic emulator on {server.url}\n"
        f"  certificate authority: {server.ca_file.resolve()}\n"
        f"  Python: AWS_ENDPOINT_URL_BEDROCK_RUNTIME={server.url} SSL_CERT_FILE={server.ca_file.resolve()}\n"
        f"  Node:   AWS_ENDPOINT_URL_BEDROCK_RUNTIME={server.url} NODE_EXTRA_CA_CERTS={server.ca_file.resolve()}\n"
        f"  status: {server.url}/status"
    )


async def run(settings: SonicSettings, script_file: Path | None) -> None:
    """Serve until the process is told to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    speech = await asyncio.to_thread(_real_speech if script_file is None else lambda: scriptfile.read(script_file))
    server = await serve(settings, speech)
    sys.stdout.write(f"{introduction(server)}\n")
    sys.stdout.flush()
    await stop.wait()
    await server.close()


def _real_speech() -> Speech:
    # Imported here because each loads a model when it is imported; a script does without them.
    from localcloud.sonic.policy import TellyMind  # noqa: PLC0415
    from localcloud.sonic.recognition import MoonshineRecogniser, SileroEar  # noqa: PLC0415
    from localcloud.sonic.synthesis import HibariVoice  # noqa: PLC0415

    return Speech(SileroEar, MoonshineRecogniser(), HibariVoice(), TellyMind)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    given = arguments().parse_args()
    try:
        asyncio.run(run(settings_of(given), given.script))
    except (OSError, scriptfile.ScriptError) as error:
        sys.exit(f"The Sonic emulator cannot start: {error}")


if __name__ == "__main__":
    main()
