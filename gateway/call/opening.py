"""How a Sonic session begins: who answers, in which voice, with which tools and instructions."""

from collections.abc import Mapping

from gateway.call.goodbye import END_CALL
from gateway.call.limits import CallLimits
from gateway.caller.messages import CallStart, CallStarted
from gateway.errors import Refused
from gateway.profiles import Profile
from gateway.sonic.events import Input, PromptStart, Role, SessionStart, TextBlock
from toolworker.contract import ToolSpec


def chosen(profiles: Mapping[str, Profile], message: CallStart) -> Profile:
    """The profile the page asks for, the first one where it asks for none. Raises ``Refused``."""
    if message.profile is not None and message.profile not in profiles:
        raise Refused("unknown profile", message="There is no such agent here. Reload the page and call again.")
    profile = next(iter(profiles.values())) if message.profile is None else profiles[message.profile]
    if message.prompt is not None and not profile.prompt_editable:
        raise Refused("prompt not editable", message="The prompt of this agent cannot be changed from the page.")
    return profile


def beginning(profile: Profile, tools: tuple[ToolSpec, ...], prompt: str) -> tuple[Input, ...]:
    """What every session of a call is told first, the first one and those that replace it alike."""
    return (
        SessionStart(profile.max_tokens, profile.top_p, profile.temperature, profile.endpointing),
        PromptStart(profile.voice, (*tools, END_CALL)),
        TextBlock(Role.SYSTEM, prompt),
    )


def started(call: str, profile: Profile, tools: tuple[str, ...], limits: CallLimits) -> CallStarted:
    """What the page is told when the first session is there."""
    return CallStarted(
        call=call,
        profile=profile.name,
        agent=profile.agent,
        voice=profile.voice,
        tools=tools,
        call_limit_s=limits.call_s,
        idle_limit_s=limits.idle_s,
    )
