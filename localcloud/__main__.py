"""``python -m localcloud``: the whole product on this machine, loopback only, without an account. Ctrl-C stops it."""

import asyncio
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from localcloud.console import ConsoleMissing
from localcloud.identity import DEMO_PASSWORD, DEMO_USERNAME
from localcloud.keys import KeysError, ensure_service_keys
from localcloud.parts import Parts
from localcloud.ports import refuse_taken_ports
from localcloud.processes import PartFailed
from localcloud.settings import (
    REPOSITORY,
    Settings,
    SettingsError,
    SonicSource,
    read_env_file,
    read_settings,
)
from localcloud.stack import Stack


def main(environ: Mapping[str, str]) -> int:
    """Run until told to stop: 0 then, 1 after saying what failed."""
    try:
        environ = read_env_file(REPOSITORY / ".env") | dict(environ)
        settings = read_settings(environ)
        refuse_missing_credentials(settings, environ)
        refuse_taken_ports(settings.ports())
        settings.state_dir.joinpath("logs").mkdir(parents=True, exist_ok=True)
        with only_one(settings.state_dir):
            keys = ensure_service_keys(settings.state_dir)
            return asyncio.run(serve(settings, Parts(settings, environ, keys)))
    except (SettingsError, KeysError, OSError) as error:
        return fail(str(error))


async def serve(settings: Settings, parts: Parts) -> int:
    """Run the stack until a signal or a failure."""
    began = time.monotonic()
    say(f"Local stack on 127.0.0.1, state and logs in {settings.state_dir}")
    stack = Stack(settings, parts, say)
    stop_on_signals(stack)
    status = 0
    try:
        await stack.run(lambda: say(welcome(settings, time.monotonic() - began)))
    except* (PartFailed, ConsoleMissing) as failures:
        status = fail(describe(failures))
    except* asyncio.CancelledError:
        say("Stopped.")
    return status


def stop_on_signals(stack: Stack) -> None:
    """The first SIGINT, SIGTERM or SIGHUP stops the stack in order; a second one kills it."""
    loop = asyncio.get_running_loop()
    running = asyncio.current_task()

    def on_signal() -> None:
        if stack.stopping:
            stack.kill()
        elif running is not None:
            say("Stopping ...")
            running.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)


@contextmanager
def only_one(state_dir: Path) -> Iterator[None]:
    """Hold the folder's lock; raises ``SettingsError`` while another local stack has it."""
    with (state_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(
                f"A local stack already runs from {state_dir}; stop it, or set LOCAL_STATE_DIR and other ports."
            ) from None
        yield


def refuse_missing_credentials(settings: Settings, environ: Mapping[str, str]) -> None:
    """Real Sonic needs a real account; better said now than at the first call."""
    if settings.sonic is not SonicSource.AWS:
        return
    if not (environ.get("AWS_REGION") and environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY")):
        raise SettingsError(
            "LOCAL_SONIC=aws needs AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for"
            ' temporary credentials) in the environment; for example: eval "$(aws configure export-credentials'
            ' --format env)"'
        )


def welcome(settings: Settings, took_s: float) -> str:
    """What a person needs to know once everything runs; its first line is the sign for programs that wait."""
    return "\n".join(
        (
            f"Ready in {took_s:.1f} s.",
            f"  Open     {settings.console_url}",
            f"  Sign in  {DEMO_USERNAME} / {DEMO_PASSWORD}",
            "  Stop     Ctrl-C",
        )
    )


def describe(failures: BaseExceptionGroup[PartFailed | ConsoleMissing]) -> str:
    """The first failure with the end of its log."""
    first: BaseException = failures
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    if not isinstance(first, PartFailed):
        return str(first)
    return "\n".join((f"{first}; the last lines of {first.log}:", *(f"  | {line}" for line in first.lines)))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def fail(text: str) -> int:
    sys.stderr.write(f"make up: {text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(os.environ))
