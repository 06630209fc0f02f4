"""One call centre for the tests that only call it, and the credentials its gateway signs with."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from localcloud.sonic import script
from localcloud.sonic.ports import Say, UseTool
from localcloud.sonic.settings import LOCAL_CREDENTIALS
from tests.wire.support.callcentre import CallCentre, open_call_centre

LONG_ANSWER = "We have three plans, and I will now tell you about each of them in some detail. " * 3

SCRIPT: dict[str, script.Reply] = {
    "[The call has just been connected. Greet the caller.]": "Hello, this is Telly.",
    "what plans do you have": LONG_ANSWER,
    "roaming in europe": [Say("One moment."), UseTool("lookup", {"query": "roaming europe"})],
    "my number is 4155550162": [UseTool("userProfileSearch", {"phone_number": "4155550162"})],
    "my number is 2065550108": [UseTool("userProfileSearch", {"phone_number": "2065550108"})],
    "both": [UseTool("lookup", {"query": "roaming"}), UseTool("userProfileSearch", {"phone_number": "4155550162"})],
    "stop": "I am listening.",
    "goodbye": [Say("Goodbye."), UseTool("endCall", {})],
}
ANSWERED: dict[str, script.Reply] = {"lookup": "It costs ten dollars a day.", "userProfileSearch": "I looked that up."}


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", LOCAL_CREDENTIALS.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", LOCAL_CREDENTIALS.secret_access_key)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)


@pytest.fixture
def answers() -> script.Answers:
    return script.Answers(SCRIPT, ANSWERED)


@pytest.fixture
async def callcentre(tmp_path: Path, answers: script.Answers) -> AsyncIterator[CallCentre]:
    async with open_call_centre(tmp_path, answers) as running:
        yield running
