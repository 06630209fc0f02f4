"""What a Bedrock model is called in IAM."""

import re

from infra.account import Account

_ACROSS_REGIONS = re.compile(r"(?:us|us-gov|eu|apac|jp|au|ca|global)\.(.+)")


def model_arns(model: str, region: str, account: Account) -> list[str]:
    """The resources that ``bedrock:InvokeModel`` needs for a model id.

    A plain id is a foundation model of the one region. One with a geography before it is an inference profile, and the
    same model in every region the profile may choose (Amazon Bedrock guide, prerequisites for inference profiles).
    """
    arn = f"arn:{account.partition}:bedrock"
    if across := _ACROSS_REGIONS.fullmatch(model):
        return [
            f"{arn}:{region}:{account.id}:inference-profile/{model}",
            f"{arn}:*::foundation-model/{across.group(1)}",
        ]
    return [f"{arn}:{region}::foundation-model/{model}"]
