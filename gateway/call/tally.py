"""What a call's one log line counts: figures only, never words."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    barge_ins: int = 0
    tools: int = 0
    tools_failed: int = 0
    tools_late: int = 0
    unrecognised_events: int = 0
    renewals: int = 0
    recoveries: int = 0
    answer_ms: list[int] = field(default_factory=list)

    def figures(self) -> dict[str, int]:
        """The counts and the response times by name, for the log."""
        answers = sorted(self.answer_ms)
        figures = {
            "barge_ins": self.barge_ins,
            "tools": self.tools,
            "tools_failed": self.tools_failed,
            "tools_late": self.tools_late,
            "unrecognised_events": self.unrecognised_events,
            "renewals": self.renewals,
            "recoveries": self.recoveries,
            "answers": len(answers),
        }
        if answers:
            figures["answer_ms_p50"] = answers[len(answers) // 2]
            figures["answer_ms_max"] = answers[-1]
        return figures
