"""A bucket as this deployment makes them: private, encrypted, and open to TLS alone."""

import pulumi
import pulumi_aws as aws


def private_bucket(name: str, *, force_destroy: bool, opts: pulumi.ResourceOptions) -> aws.s3.Bucket:
    """A bucket nobody outside reaches; what may read it is said by a policy of its user's."""
    bucket = aws.s3.Bucket(name, force_destroy=force_destroy, opts=opts)
    aws.s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    aws.s3.BucketOwnershipControls(name, bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts)
    aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.id,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
        opts=opts,
    )
    return bucket
