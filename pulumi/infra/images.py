"""The two images: built from this repository by BuildKit, pushed to a registry of this account, named by digest."""

import pulumi
import pulumi_aws as aws
import pulumi_docker_build as docker_build

from infra.settings import Settings

CONTEXT = ".."
"""The repository, seen from the folder Pulumi runs the program in; ``.dockerignore`` says what of it is sent."""
KEPT_IMAGES = 10


class Image(pulumi.ComponentResource):
    """One product's image: ``reference`` names the digest just pushed, ``repository_arn`` where it lies."""

    def __init__(self, name: str, product: str, settings: Settings, opts: pulumi.ResourceOptions) -> None:
        super().__init__("switchboard:images:Image", f"{name}-{product}", None, opts)
        child = pulumi.ResourceOptions(parent=self)
        repository = aws.ecr.Repository(
            f"{name}-{product}",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "AES256"}],
            force_delete=True,
            opts=child,
        )
        aws.ecr.LifecyclePolicy(
            f"{name}-{product}",
            repository=repository.name,
            policy=pulumi.Output.json_dumps(
                {
                    "rules": [
                        {
                            "rulePriority": 1,
                            "selection": {
                                "tagStatus": "any",
                                "countType": "imageCountMoreThan",
                                "countNumber": KEPT_IMAGES,
                            },
                            "action": {"type": "expire"},
                        }
                    ]
                }
            ),
            opts=child,
        )
        login = aws.ecr.get_authorization_token_output(
            registry_id=repository.registry_id, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        image = docker_build.Image(
            f"{name}-{product}",
            context={"location": CONTEXT},
            dockerfile={"location": f"{CONTEXT}/{product}/Dockerfile"},
            platforms=[docker_build.Platform(settings.architecture.platform)],
            tags=[pulumi.Output.concat(repository.repository_url, ":", settings.stack)],
            push=True,
            # A preview must not need a Docker engine.
            build_on_preview=False,
            registries=[
                {
                    "address": repository.repository_url,
                    "username": login.user_name,
                    "password": pulumi.Output.secret(login.password),
                }
            ],
            opts=child,
        )
        self.reference = pulumi.Output.concat(repository.repository_url, "@", image.digest)
        self.repository_arn = repository.arn
        self.register_outputs({"reference": self.reference})
