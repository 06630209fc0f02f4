"""All stores of a worker together: how the real ones are opened, and closed with it."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

from toolworker.settings import Settings
from toolworker.stores import aws
from toolworker.stores.dynamodb import DynamoDbAccounts, dynamodb_client
from toolworker.stores.knowledge_base import BedrockKnowledge, knowledge_client
from toolworker.stores.outcomes import DynamoDbOutcomes, Outcomes
from toolworker.stores.ports import Accounts, Knowledge


@dataclass(frozen=True, slots=True)
class Stores:
    """What the worker keeps and asks."""

    accounts: Accounts
    knowledge: Knowledge
    outcomes: Outcomes


@asynccontextmanager
async def aws_stores(settings: Settings) -> AsyncIterator[Stores]:
    """The stores in AWS, or in whatever ``AWS_ENDPOINT_URL_...`` names; raises ``SettingsError``.

    What keeps outcomes has a client and threads of its own: a slow table of customers must not hold it up.
    """
    with ExitStack() as closing:
        accounts = DynamoDbAccounts(await aws.made(dynamodb_client, settings.region), settings.customers_table)
        closing.callback(accounts.close)
        knowledge = BedrockKnowledge(await aws.made(knowledge_client, settings.region), settings.knowledge_base_id)
        closing.callback(knowledge.close)
        outcomes = DynamoDbOutcomes(await aws.made(dynamodb_client, settings.region), settings.outcomes_table)
        closing.callback(outcomes.close)
        yield Stores(accounts, knowledge, outcomes)
