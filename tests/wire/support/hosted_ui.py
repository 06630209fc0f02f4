"""Signs in at a Cognito hosted UI as a browser does: the form, the code, the token by PKCE (RFC 7636)."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp


class SignInRefused(Exception):
    """The form came back instead of a code."""


async def sign_in(
    http: aiohttp.ClientSession, config: Mapping[str, str], redirect_uri: str, username: str, password: str
) -> dict[str, Any]:
    """The token endpoint's answer for a person; ``config`` is the console's ``config.json``."""
    verifier = secrets.token_urlsafe(48)
    request = {
        "client_id": config["client_id"],
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": config["scope"],
        "state": secrets.token_urlsafe(8),
        "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    async with http.get(f"{config['hosted_ui']}/oauth2/authorize", params=request) as form:
        assert form.status == 200, await form.text()
    filled = {**request, "username": username, "password": password}
    async with http.post(f"{config['hosted_ui']}/login", data=filled, allow_redirects=False) as answer:
        if answer.status != 302:
            raise SignInRefused(await answer.text())
        returned = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert returned["state"] == [request["state"]]
    exchange = {
        "grant_type": "authorization_code",
        "client_id": config["client_id"],
        "redirect_uri": redirect_uri,
        "code": returned["code"][0],
        "code_verifier": verifier,
    }
    origin = redirect_uri.rstrip("/")
    async with http.post(f"{config['hosted_ui']}/oauth2/token", data=exchange, headers={"Origin": origin}) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Access-Control-Allow-Origin"] in {"*", origin}
        tokens: dict[str, Any] = await answer.json()
        return tokens
