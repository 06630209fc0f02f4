"""Rules about what is kept: encrypted, private, for a stated time, and not lost by accident."""

from collections.abc import Iterator

from tests.infra.support.graph import Graph

PRIVATE = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
PASSING = ("-outcomes", "-calls", "-slots")
"""Kept for minutes or an hour: nobody misses it later, and of what was said on a call no copy is to outlive it."""


def what_is_kept_is_encrypted(graph: Graph) -> Iterator[str]:
    encrypted = {
        each.inputs["bucket"]
        for each in graph.of("s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
    }
    for bucket in graph.of("s3/bucket:Bucket"):
        if bucket.id not in encrypted:
            yield f"{bucket.name}: not said to be encrypted"
    for table in graph.of("dynamodb/table:Table"):
        if not table.inputs.get("serverSideEncryption", {}).get("enabled"):
            yield f"{table.name}: not encrypted with a key of this account"
    for repository in graph.of("ecr/repository:Repository"):
        if not repository.inputs.get("encryptionConfigurations"):
            yield f"{repository.name}: not said to be encrypted"


def buckets_are_private(graph: Graph) -> Iterator[str]:
    blocked = {
        each.inputs["bucket"]
        for each in graph.of("s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
        if all(each.inputs.get(name) is True for name in PRIVATE)
    }
    for bucket in graph.of("s3/bucket:Bucket"):
        if bucket.id not in blocked:
            yield f"{bucket.name}: could be made public"


def logs_are_kept_for_a_stated_time(graph: Graph) -> Iterator[str]:
    for group in graph.of("cloudwatch/logGroup:LogGroup"):
        if not group.inputs.get("retentionInDays"):
            yield f"{group.name}: kept for ever"


def customers_are_not_lost_by_accident(graph: Graph) -> Iterator[str]:
    for table in graph.of("dynamodb/table:Table"):
        passing = table.name.endswith(PASSING)
        if passing and table.inputs.get("ttl", {}).get("enabled") is not True:
            yield f"{table.name}: neither kept for good nor gone in time"
        if not passing and not table.inputs.get("pointInTimeRecovery", {}).get("enabled"):
            yield f"{table.name}: cannot be brought back to an earlier moment"


def protection_is_the_same_in_pulumi_and_in_aws(graph: Graph) -> Iterator[str]:
    for table in graph.of("dynamodb/table:Table"):
        if bool(table.options.get("protect")) != bool(table.inputs.get("deletionProtectionEnabled")):
            yield f"{table.name}: protected in one place only"
    for pool in graph.of("cognito/userPool:UserPool"):
        if bool(pool.options.get("protect")) != (pool.inputs.get("deletionProtection") == "ACTIVE"):
            yield f"{pool.name}: protected in one place only"


def the_index_fits_the_embeddings(graph: Graph) -> Iterator[str]:
    for base in graph.of("bedrock/agentKnowledgeBase:AgentKnowledgeBase"):
        asked = base.inputs["knowledgeBaseConfiguration"]["vectorKnowledgeBaseConfiguration"]
        dimensions = asked["embeddingModelConfiguration"]["bedrockEmbeddingModelConfiguration"]["dimensions"]
        index = graph.one("s3/vectorsIndex:VectorsIndex")
        if index.inputs["dimension"] != dimensions:
            yield f"{base.name}: {dimensions} numbers into an index of {index.inputs['dimension']}"
        stored = base.inputs["storageConfiguration"]["s3VectorsConfiguration"]["indexArn"]
        if stored != index.token("indexArn"):
            yield f"{base.name}: keeps its vectors elsewhere"


RULES = (
    what_is_kept_is_encrypted,
    buckets_are_private,
    logs_are_kept_for_a_stated_time,
    customers_are_not_lost_by_accident,
    protection_is_the_same_in_pulumi_and_in_aws,
    the_index_fits_the_embeddings,
)
