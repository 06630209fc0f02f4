"""Signing in without a browser: the hosted UI's form, then the code for a token with PKCE, over plain HTTP."""

import base64
import hashlib
import re
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from yarl import URL

from tests.e2e.support.stack import Stack


async def access_token(stack: Stack) -> str:
    """An access token of the demo operator's, from the local user pool."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{stack.url}/config.json") as response:
            config: dict[str, Any] = await response.json()
        query = {
            "client_id": config["client_id"],
            "redirect_uri": f"{stack.url}/",
            "response_type": "code",
            "scope": config["scope"],
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        async with http.get(f"{config['hosted_ui']}/oauth2/authorize", params=query) as response:
            form = await response.text()
            page = response.url
        action = re.search(r'<form[^>]*action="([^"]*)"', form)
        fields: dict[str, str] = dict(re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', form))
        fields |= {"username": stack.user, "password": stack.password}
        target = page.join(URL(action[1].replace("&amp;", "&"))) if action else page
        async with http.post(target, data=fields, allow_redirects=False) as response:
            location = response.headers["Location"]
        exchange = {
            "grant_type": "authorization_code",
            "client_id": config["client_id"],
            "code": parse_qs(urlsplit(location).query)["code"][0],
            "redirect_uri": f"{stack.url}/",
            "code_verifier": verifier,
        }
        async with http.post(f"{config['hosted_ui']}/oauth2/token", data=exchange) as response:
            tokens: dict[str, str] = await response.json()
    return tokens["access_token"]
