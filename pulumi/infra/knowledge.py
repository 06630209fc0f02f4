"""AnyTelco's knowledge: a Bedrock Knowledge Base over S3 Vectors and a bucket of articles, or one already there.

The articles are put into the bucket, and their ingestion is started, by scripts/deploy.py: it is an action, not a
resource. One article is one chunk; they are short.
"""

import pulumi
import pulumi_aws as aws

from infra.account import Account
from infra.bedrock import model_arns
from infra.policies import allow, document, trust
from infra.settings import Settings
from infra.storage import private_bucket

DIMENSIONS = 1024
"""Of amazon.titan-embed-text-v2:0; another embedding model must be asked for the same."""


class Knowledge(pulumi.ComponentResource):
    """``knowledge_base_id`` and ``knowledge_base_arn``; ``articles_bucket`` and ``data_source_id`` of a new one."""

    def __init__(self, name: str, settings: Settings, account: Account, opts: pulumi.ResourceOptions) -> None:
        super().__init__("switchboard:data:Knowledge", name, None, opts)
        self._settings = settings
        self._account = account
        self.knowledge_base_id: pulumi.Input[str]
        self.knowledge_base_arn: pulumi.Input[str]
        self.articles_bucket: pulumi.Input[str] = ""
        self.data_source_id: pulumi.Input[str] = ""
        if settings.knowledge_base_id is None:
            self._create(f"{name}-knowledge")
        else:
            self.knowledge_base_id = settings.knowledge_base_id
            self.knowledge_base_arn = (
                f"arn:{account.partition}:bedrock:{settings.region}:{account.id}"
                f":knowledge-base/{settings.knowledge_base_id}"
            )
        self.register_outputs({"knowledgeBaseId": self.knowledge_base_id})

    def _create(self, name: str) -> None:
        child = pulumi.ResourceOptions(parent=self)
        articles = private_bucket(name, force_destroy=True, opts=child)
        vectors = aws.s3.VectorsVectorBucket(
            name,
            vector_bucket_name=f"{name}-{self._account.id}",
            force_destroy=True,
            opts=child,
        )
        index = aws.s3.VectorsIndex(
            name,
            vector_bucket_name=vectors.vector_bucket_name,
            index_name="articles",
            data_type="float32",
            dimension=DIMENSIONS,
            distance_metric="cosine",
            # Filterable metadata is limited to 2 KB a vector; the text of a chunk is longer (S3 Vectors limitations).
            metadata_configuration={"non_filterable_metadata_keys": ["AMAZON_BEDROCK_TEXT", "AMAZON_BEDROCK_METADATA"]},
            opts=child,
        )
        models = model_arns(self._settings.embedding_model, self._settings.region, self._account)
        role = aws.iam.Role(name, assume_role_policy=trust("bedrock.amazonaws.com", self._account.id), opts=child)
        policy = aws.iam.RolePolicy(
            name,
            role=role.id,
            policy=document(
                allow("bedrock:InvokeModel", on=models),
                allow("s3:ListBucket", on=[articles.arn]),
                allow("s3:GetObject", on=[pulumi.Output.concat(articles.arn, "/*")]),
                allow(
                    "s3vectors:GetIndex",
                    "s3vectors:QueryVectors",
                    "s3vectors:PutVectors",
                    "s3vectors:GetVectors",
                    "s3vectors:DeleteVectors",
                    on=[index.index_arn],
                ),
            ),
            opts=child,
        )
        base = aws.bedrock.AgentKnowledgeBase(
            name,
            name=name,
            role_arn=role.arn,
            knowledge_base_configuration={
                "type": "VECTOR",
                "vector_knowledge_base_configuration": {
                    "embedding_model_arn": models[0],
                    "embedding_model_configuration": {
                        "bedrock_embedding_model_configuration": {
                            "dimensions": DIMENSIONS,
                            "embedding_data_type": "FLOAT32",
                        }
                    },
                },
            },
            storage_configuration={
                "type": "S3_VECTORS",
                "s3_vectors_configuration": {"index_arn": index.index_arn},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        source = aws.bedrock.AgentDataSource(
            name,
            name="articles",
            knowledge_base_id=base.id,
            data_source_configuration={"type": "S3", "s3_configuration": {"bucket_arn": articles.arn}},
            vector_ingestion_configuration={"chunking_configuration": {"chunking_strategy": "NONE"}},
            # The vectors go with their index anyway, and deleting them first needs a role that may be gone by then.
            data_deletion_policy="RETAIN",
            opts=child,
        )
        self.knowledge_base_id, self.knowledge_base_arn = base.id, base.arn
        self.articles_bucket, self.data_source_id = articles.bucket, source.data_source_id
