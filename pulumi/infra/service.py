"""One Fargate service: its task, two roles, log and bounds. The gateway and the tool worker are two of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from infra.account import Account
from infra.images import Image
from infra.network import Network
from infra.policies import Statement, allow, document, trust
from infra.reading import Size
from infra.settings import Settings

STOP_TIMEOUT_S = 120
"""The longest Fargate allows between SIGTERM and SIGKILL (Amazon ECS, stopTimeout)."""
USER = "10001"
BESIDES_CALLS_MIN = 30
"""Minutes that a deployment takes beside waiting for the calls of the tasks it replaces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Where services run, and the namespace in which they find one another."""

    arn: pulumi.Input[str]
    name: pulumi.Input[str]
    namespace_arn: pulumi.Input[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceArgs:
    """What one service differs in."""

    image: Image
    port: int
    size: Size
    security_group: aws.ec2.SecurityGroup
    environment: Mapping[str, pulumi.Input[str]]
    may: Sequence[Statement]
    """What the task itself may do."""
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Environment name to what ECS takes its value from."""
    secret_arns: Sequence[pulumi.Input[str]] = ()
    load_balancers: Sequence[aws.ecs.ServiceLoadBalancerArgsDict] = ()
    offers: Sequence[aws.ecs.ServiceServiceConnectConfigurationServiceArgsDict] = ()
    """What others reach by Service Connect."""
    depends_on: Sequence[pulumi.Resource] = ()


class Service(pulumi.ComponentResource):
    """A running service: ``service_name``, its ``log_group``, and ``scaling``, to which policies are added."""

    def __init__(
        self,
        name: str,
        product: str,
        args: ServiceArgs,
        settings: Settings,
        account: Account,
        network: Network,
        cluster: Cluster,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("switchboard:service:Service", f"{name}-{product}", None, opts)
        self._name = f"{name}-{product}"
        self._product = product
        self._args = args
        self._settings = settings
        self._account = account
        self._child = pulumi.ResourceOptions(parent=self)
        self._policies: list[aws.iam.RolePolicy] = []
        self.log_group = aws.cloudwatch.LogGroup(
            self._name, retention_in_days=settings.log_retention_days, opts=self._child
        )
        task = self._task(self._execution_role(), self._task_role())
        service = self._service(task, network, cluster)
        self.service_name = service.name
        self.scaling = aws.appautoscaling.Target(
            self._name,
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=pulumi.Output.concat("service/", cluster.name, "/", service.name),
            min_capacity=args.size.min_tasks,
            max_capacity=args.size.max_tasks,
            opts=self._child,
        )
        self.register_outputs({"serviceName": self.service_name})

    def _patience(self) -> str:
        """How long to wait until tasks with calls are gone."""
        return f"{-(-self._settings.call_limit_s // 60) + BESIDES_CALLS_MIN}m"

    def _execution_role(self) -> aws.iam.Role:
        """What ECS itself may do to start a task: pull the image, write the log, read the task's secrets."""
        role = self._role("execution")
        statements = [
            # It has no resource of its own (Service Authorization Reference, Amazon ECR).
            allow("ecr:GetAuthorizationToken", on=["*"]),
            allow(
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
                "ecr:BatchCheckLayerAvailability",
                on=[self._args.image.repository_arn],
            ),
            allow("logs:CreateLogStream", "logs:PutLogEvents", on=[pulumi.Output.concat(self.log_group.arn, ":*")]),
        ]
        if self._args.secret_arns:
            statements.append(allow("secretsmanager:GetSecretValue", on=self._args.secret_arns))
        self._let(role, "execution", statements)
        return role

    def _task_role(self) -> aws.iam.Role:
        role = self._role("task")
        self._let(role, "task", self._args.may)
        return role

    def _let(self, role: aws.iam.Role, kind: str, may: Sequence[Statement]) -> None:
        policy = aws.iam.RolePolicy(f"{self._name}-{kind}", role=role.id, policy=document(*may), opts=self._child)
        self._policies.append(policy)

    def _role(self, kind: str) -> aws.iam.Role:
        return aws.iam.Role(
            f"{self._name}-{kind}",
            assume_role_policy=trust("ecs-tasks.amazonaws.com", self._account.id),
            opts=self._child,
        )

    def _task(self, execution: aws.iam.Role, task: aws.iam.Role) -> aws.ecs.TaskDefinition:
        size = self._args.size
        return aws.ecs.TaskDefinition(
            self._name,
            family=self._name,
            requires_compatibilities=["FARGATE"],
            network_mode="awsvpc",
            cpu=str(size.cpu),
            memory=str(size.memory),
            runtime_platform={
                "operating_system_family": "LINUX",
                "cpu_architecture": self._settings.architecture.value,
            },
            execution_role_arn=execution.arn,
            task_role_arn=task.arn,
            container_definitions=pulumi.Output.json_dumps([self._container()]),
            opts=self._child,
        )

    def _container(self) -> dict[str, object]:
        args = self._args
        alive = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{args.port}/livez', timeout=4)"
        return {
            "name": self._product,
            "image": args.image.reference,
            "essential": True,
            "user": USER,
            "readonlyRootFilesystem": True,
            "linuxParameters": {"capabilities": {"drop": ["ALL"]}},
            "stopTimeout": STOP_TIMEOUT_S,
            "portMappings": [{"name": "http", "containerPort": args.port, "protocol": "tcp", "appProtocol": "http"}],
            "environment": [{"name": key, "value": value} for key, value in sorted(args.environment.items())],
            "secrets": [{"name": key, "valueFrom": value} for key, value in sorted(args.secrets.items())],
            "healthCheck": {
                "command": ["CMD", "python", "-c", alive],
                "interval": 15,
                "timeout": 5,
                "retries": 3,
                "startPeriod": 30,
            },
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": self.log_group.name,
                    "awslogs-region": self._settings.region,
                    "awslogs-stream-prefix": self._product,
                    # A log that cannot be written must not stop the audio.
                    "mode": "non-blocking",
                    "max-buffer-size": "4m",
                },
            },
        }

    def _service(self, task: aws.ecs.TaskDefinition, network: Network, cluster: Cluster) -> aws.ecs.Service:
        args = self._args
        return aws.ecs.Service(
            self._name,
            cluster=cluster.arn,
            task_definition=task.arn,
            launch_type="FARGATE",
            desired_count=args.size.min_tasks,
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            deployment_circuit_breaker={"enable": True, "rollback": True},
            # Rebalancing stops tasks that have calls (Amazon ECS, service rebalancing).
            availability_zone_rebalancing="DISABLED",
            enable_execute_command=False,
            propagate_tags="SERVICE",
            health_check_grace_period_seconds=60 if args.load_balancers else None,
            load_balancers=args.load_balancers,
            network_configuration={
                "subnets": network.subnet_ids,
                "security_groups": [args.security_group.id],
                "assign_public_ip": False,
            },
            service_connect_configuration={
                "enabled": True,
                "namespace": cluster.namespace_arn,
                "services": args.offers,
            },
            wait_for_steady_state=True,
            opts=pulumi.ResourceOptions(
                parent=self,
                # A task that starts before its roles may do anything fails.
                depends_on=[*self._policies, *args.depends_on],
                # The number of tasks belongs to autoscaling after the first deployment.
                ignore_changes=["desired_count"],
                custom_timeouts=pulumi.CustomTimeouts(create="20m", update=self._patience(), delete=self._patience()),
            ),
        )
