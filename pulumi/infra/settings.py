"""The deployment's settings: one frozen value read once from the stack's configuration, checked as a whole.

Everything that can be known to be wrong without asking AWS is refused here, with a sentence, before anything is made.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from infra.reading import Reader, SettingsError, Size

REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
NAME = "switchboard"
LONGEST_NAME = 25
"""A load balancer's name has 32 characters, of which Pulumi makes up the last 7."""
LONGEST_CALL_S = 3590
"""A target group lets a task keep its connections for 3600 s at most (Elastic Load Balancing guide, deregistration
delay), and a call must end before."""
MOST_TOOL_USES = 64
"""What a tool worker runs at a time (``toolworker.settings``)."""
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""What CloudWatch Logs knows (API reference, PutRetentionPolicy)."""


class Architecture(StrEnum):
    """Processor of the tasks, spelled as ECS spells it."""

    ARM64 = "ARM64"
    X86_64 = "X86_64"

    @property
    def platform(self) -> str:
        """The same as an image's platform."""
        return {"ARM64": "linux/arm64", "X86_64": "linux/amd64"}[self.value]


class Mfa(StrEnum):
    """Second factor at sign-in: an authenticator app."""

    OFF = "OFF"
    OPTIONAL = "OPTIONAL"
    ON = "ON"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a deployment may be told; docs/deploying.md lists each."""

    project: str
    stack: str
    region: str
    vpc_id: str | None
    subnet_ids: tuple[str, ...]
    nat_gateways: int
    interface_endpoints: bool
    domain: str | None
    certificate_arn: str | None
    hosted_zone_id: str | None
    waf: bool
    cognito_domain_prefix: str | None
    mfa: Mfa
    dev_origin: str | None
    sonic_model: str
    sonic_region: str
    architecture: Architecture
    gateway: Size
    max_calls: int
    calls_per_task: int
    call_limit_s: int
    call_records: bool
    tool_deadline_s: int
    toolworker: Size
    toolworker_cpu_percent: int
    toolworker_uses_per_task: int
    stream_slots: int
    customers_table: str | None
    phone_key_formats: str
    default_country: str
    time_zone: str
    knowledge_base_id: str | None
    embedding_model: str
    service_key_ids: tuple[str, ...]
    protect_data: bool
    log_level: str
    log_retention_days: int
    alarm_email: str | None
    tags: Mapping[str, str]

    @property
    def name(self) -> str:
        """What this deployment's resources are called after."""
        return f"{NAME}-{self.stack}"

    @classmethod
    def read(cls, project: str, stack: str, region: str, given: Mapping[str, str]) -> "Settings":
        """The settings in a stack's configuration (values as Pulumi keeps them: text, objects as JSON).

        Raises ``SettingsError``.
        """
        _refuse_unknown(given)
        read = Reader(given)
        settings = cls(
            project=project,
            stack=stack,
            region=region,
            vpc_id=read.optional("vpcId", r"vpc-[0-9a-f]+", "the id of a VPC, vpc-..."),
            subnet_ids=read.words("subnetIds", r"subnet-[0-9a-f]+", "a list of subnet ids, subnet-..."),
            nat_gateways=read.whole("natGateways", 1, 1, 2),
            interface_endpoints=read.yes_no("interfaceEndpoints", default=False),
            domain=read.optional("domain", r"([a-z0-9-]+\.)+[a-z]{2,}", "a host name such as calls.example.com"),
            certificate_arn=read.optional(
                "certificateArn", r"arn:aws[a-z-]*:acm:us-east-1:\d+:certificate/.+", "a certificate in us-east-1"
            ),
            hosted_zone_id=read.optional("hostedZoneId", r"Z[A-Z0-9]+", "the id of a Route 53 hosted zone, Z..."),
            waf=read.yes_no("waf", default=False),
            cognito_domain_prefix=read.optional(
                "cognitoDomainPrefix",
                r"(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
                "up to 63 small letters, digits and hyphens without aws, amazon or cognito in it",
            ),
            mfa=Mfa(read.choice("mfa", Mfa.OFF, tuple(Mfa))),
            dev_origin=read.optional("devOrigin", r"http://localhost:\d{2,5}", "like http://localhost:5173"),
            sonic_model=read.text("sonicModel", "amazon.nova-2-sonic-v1:0", r"[a-z0-9.:-]+", "a Bedrock model id"),
            sonic_region=read.text("sonicRegion", region, REGION.pattern, "an AWS region such as us-east-1"),
            architecture=Architecture(read.choice("architecture", Architecture.ARM64, tuple(Architecture))),
            gateway=read.size("gateway", Size(1024, 2048, 2, 6)),
            max_calls=read.whole("maxCalls", 20, 1, 10_000),
            calls_per_task=read.whole("callsPerTask", 12, 1, 10_000),
            call_limit_s=read.whole("callLimitS", 3540, 60, LONGEST_CALL_S),
            call_records=read.yes_no("callRecords", default=True),
            tool_deadline_s=read.whole("toolDeadlineS", 8, 1, 60),
            toolworker=read.size("toolworker", Size(512, 1024, 2, 10)),
            toolworker_cpu_percent=read.whole("toolworkerCpuPercent", 60, 10, 90),
            toolworker_uses_per_task=read.whole("toolworkerUsesPerTask", 24, 1, MOST_TOOL_USES),
            stream_slots=read.whole("streamSlots", 18, 1, 1000),
            customers_table=read.optional("customersTable", r"[A-Za-z0-9_.-]{3,255}", "the name of a DynamoDB table"),
            phone_key_formats=read.text(
                "phoneKeyFormats",
                "e164,national,digits",
                r"(e164|national|digits)(,(e164|national|digits))*",
                "a comma list of e164, national and digits",
            ),
            default_country=read.text("defaultCountry", "US", r"[A-Z]{2}", "a two-letter country code"),
            time_zone=read.text("timeZone", "America/New_York", r"[A-Za-z_]+(/[A-Za-z_+-]+)*", "like America/New_York"),
            knowledge_base_id=read.optional("knowledgeBaseId", r"[0-9A-Z]{10}", "the ten-character id of one"),
            embedding_model=read.text(
                "embeddingModel", "amazon.titan-embed-text-v2:0", r"[a-z0-9.:-]+", "a Bedrock model id"
            ),
            service_key_ids=read.words("serviceKeyIds", r"[a-z0-9-]+", "key ids such as gateway-1", ("gateway-1",)),
            protect_data=read.yes_no("protectData", default=True),
            log_level=read.choice("logLevel", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
            log_retention_days=read.whole("logRetentionDays", 30, 1, 3653),
            alarm_email=read.optional("alarmEmail", r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address"),
            tags=read.tags(),
        )
        _refuse_mismatched(settings)
        return settings


def _refuse_unknown(given: Mapping[str, str]) -> None:
    for name in sorted(given):
        if name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, n=1)
            hint = f"did you mean {near[0]}?" if near else "docs/deploying.md lists those there are."
            raise SettingsError(f"{name} is not a setting of this deployment; {hint}")


def _refuse_mismatched(settings: Settings) -> None:
    """What no setting can show alone."""
    for holds, sentence in (*_network_rules(settings), *_other_rules(settings)):
        if not holds:
            raise SettingsError(sentence)


def _network_rules(settings: Settings) -> list[tuple[bool, str]]:
    ids = settings.subnet_ids
    own = settings.vpc_id is not None
    return [
        (own or not ids, "subnetIds needs vpcId: the VPC the subnets are in."),
        (not own or len(ids) >= 2, "vpcId needs subnetIds: at least two private subnets, in two zones."),
        (len(set(ids)) == len(ids), "subnetIds names a subnet twice."),
        (not (own and settings.interface_endpoints), "interfaceEndpoints is for a new VPC; yours is left as it is."),
        (
            (settings.domain is None) == (settings.certificate_arn is None),
            "domain and certificateArn go together: set both or neither.",
        ),
        (
            settings.hosted_zone_id is None or settings.domain is not None,
            "hostedZoneId needs domain: the name to point at CloudFront.",
        ),
    ]


def _other_rules(settings: Settings) -> list[tuple[bool, str]]:
    keys = settings.service_key_ids
    return [
        (
            REGION.fullmatch(settings.region) is not None,
            f"aws:region must be an AWS region such as us-east-1, not {settings.region!r}.",
        ),
        (
            re.fullmatch(r"[a-z][a-z0-9-]*", settings.stack) is not None and len(settings.name) <= LONGEST_NAME,
            f"The stack's name must be small letters, digits and hyphens, {LONGEST_NAME - len(NAME) - 1} at most.",
        ),
        (
            settings.calls_per_task <= settings.max_calls,
            "callsPerTask, at which tasks are added, must not be above maxCalls.",
        ),
        (
            settings.log_retention_days in RETENTION_DAYS,
            f"logRetentionDays must be one of {', '.join(map(str, RETENTION_DAYS))}.",
        ),
        (
            len(set(keys)) == len(keys) <= 2,
            "serviceKeyIds must name one key, or two different ones while rotating.",
        ),
    ]


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


NAMES = frozenset(_camel(each.name) for each in fields(Settings)) - {"project", "stack", "region"}
"""Every name a stack's configuration may hold, without the project's prefix."""
