import pytest
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError, ReadTimeoutError

from toolworker.errors import SettingsError, Unavailable
from toolworker.stores import aws


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "key +14155550162"}}, "GetItem")


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (refused("ThrottlingException"), True),
        (refused("ProvisionedThroughputExceededException"), True),
        (refused("AccessDeniedException"), False),
        (refused("ResourceNotFoundException"), False),
        (ReadTimeoutError(endpoint_url="http://localhost"), True),
    ],
)
def test_an_aws_error_becomes_a_sentence_and_a_log_line_without_its_text(
    error: Exception, retryable: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Unavailable) as raised, aws.spoken("dynamodb"):
        raise error
    assert raised.value.outcome.retryable is retryable
    assert "4155550162" not in caplog.text + raised.value.outcome.say
    assert [record.__dict__["fields"]["store"] for record in caplog.records] == ["dynamodb"]


def test_a_bug_is_not_dressed_up_as_an_outage() -> None:
    with pytest.raises(KeyError), aws.spoken("dynamodb"):
        raise KeyError("x")


async def test_a_missing_region_stops_the_start_with_a_sentence() -> None:
    def make(region: str | None) -> None:
        raise NoRegionError

    with pytest.raises(SettingsError, match="AWS_REGION"):
        await aws.made(make, None)


async def test_what_else_boto3_cannot_work_with_stops_the_start_too() -> None:
    def make(region: str | None) -> None:
        raise BotoCoreError

    with pytest.raises(SettingsError, match="boto3"):
        await aws.made(make, "us-east-1")
