"""All stores of a worker together: how the real ones are opened, and closed with it."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from toolworker.settings import Settings
from toolworker.stores import aws
from toolworker.stores.callbacks import Callbacks, DynamoDbCallbacks
from toolworker.stores.dynamodb import DynamoDbAccounts, dynamodb_client
from toolworker.stores.knowledge_base import BedrockKnowledge, knowledge_client
from toolworker.stores.outages import DynamoDbOutages, Outages
from toolworker.stores.outcomes import DynamoDbOutcomes, Outcomes
from toolworker.stores.ports import Accounts, Knowledge
from toolworker.stores.quotes import DynamoDbQuotes, Quotes
from toolworker.stores.records import DynamoDbRecords, Records
from toolworker.stores.slots import DynamoDbSlots, Slots


@dataclass(frozen=True, slots=True)
class Stores:
    """What the worker keeps and asks."""

    accounts: Accounts
    knowledge: Knowledge
    outcomes: Outcomes
    quotes: Quotes
    callbacks: Callbacks
    outages: Outages
    records: Records
    slots: Slots


class Closes(Protocol):
    """Something that is closed in the end."""

    def close(self) -> None: ...


@asynccontextmanager
async def aws_stores(settings: Settings) -> AsyncIterator[Stores]:
    """The stores in AWS, or in whatever ``AWS_ENDPOINT_URL_...`` names; raises ``SettingsError``.

    What keeps outcomes has a client and threads of its own: a slow table of customers must not hold it up. So has what
    keeps calls and their slots: no tool may.
    """
    dynamodb = await aws.made(dynamodb_client, settings.region)
    calls_dynamodb = await aws.made(dynamodb_client, settings.region)
    own_dynamodb = await aws.made(dynamodb_client, settings.region)
    bedrock = await aws.made(knowledge_client, settings.region)
    with ExitStack() as closing:

        def closed[Store: Closes](store: Store) -> Store:
            closing.callback(store.close)
            return store

        yield Stores(
            accounts=closed(DynamoDbAccounts(dynamodb, settings.customers_table)),
            knowledge=closed(BedrockKnowledge(bedrock, settings.knowledge_base_id)),
            outcomes=closed(DynamoDbOutcomes(own_dynamodb, settings.outcomes_table)),
            quotes=closed(DynamoDbQuotes(dynamodb, settings.quotes_table, settings.customers_table)),
            callbacks=closed(DynamoDbCallbacks(dynamodb, settings.callbacks_table)),
            outages=closed(DynamoDbOutages(dynamodb, settings.outages_table)),
            records=closed(DynamoDbRecords(calls_dynamodb, settings.calls_table)),
            slots=closed(DynamoDbSlots(calls_dynamodb, settings.slots_table, of=settings.stream_slots)),
        )
