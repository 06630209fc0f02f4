"""A stand-in for Pulumi's engine: it answers what an unmodified program asks over Pulumi's own protocol.

The program registers resources; they are kept as a graph, and a cloud says what their outputs are. The SDK is handed
the servicers as objects, so that there is no socket and no second process. What is served is what
``pulumi.runtime`` calls: the ResourceMonitor and Engine services of pulumi/pulumi, proto/pulumi.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import engine_pb2, resource_pb2

from tests.infra.support.graph import Graph, Json, Node
from tests.infra.support.wire import from_struct, to_struct

FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
)


class Cloud(Protocol):
    """Decides what comes of what a program registers or asks."""

    def create(self, node: Node) -> tuple[str, dict[str, Json]]:
        """The id and the outputs of a new resource."""
        ...

    def invoke(self, token: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """The answer of a provider's function."""
        ...


class Refused(Exception):
    """The engine will not have it; the text is what a person would be told."""


class Monitor:
    """Serves one deployment. Its method names are the protocol's."""

    def __init__(self, cloud: Cloud, project: str, stack: str, config: Mapping[str, str], *, preview: bool) -> None:
        self.graph = Graph()
        self._cloud = cloud
        self._project = project
        self._stack = stack
        self._config = dict(config)
        self._preview = preview

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AttributeError(f"the program asks the engine for {name}, which this stand-in does not serve")

    def GetDeploymentInfo(self, _: Any, *__: Any, **___: Any) -> Any:  # noqa: N802
        return resource_pb2.DeploymentInfo(
            project=self._project,
            stack=self._stack,
            organization="organization",
            config=self._config,
            dryRun=self._preview,
            parallel=16,
            supportedFeatures=FEATURES,
        )

    def RegisterPackage(self, request: Any, *_: Any, **__: Any) -> Any:  # noqa: N802
        return resource_pb2.RegisterPackageResponse(ref=f"{request.name}@{request.version}")

    def SignalAndWaitForShutdown(self, _: Any, *__: Any, **___: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def RegisterResource(self, request: Any, *_: Any, **__: Any) -> Any:  # noqa: N802
        node = self._node(request)
        if node.urn in self.graph.nodes:
            raise Refused(f"Duplicate resource URN {node.urn!r}; try giving it a unique name")
        self.graph.nodes[node.urn] = node
        identity, outputs = "", dict[str, Json]()
        if node.type.startswith("pulumi:providers:"):
            identity = "provider"
        elif node.custom:
            identity, outputs = self._cloud.create(node)
        return resource_pb2.RegisterResourceResponse(
            urn=node.urn, id=identity, object=to_struct({**node.inputs, **outputs})
        )

    def RegisterResourceOutputs(self, request: Any, *_: Any, **__: Any) -> Any:  # noqa: N802
        if "pulumi:pulumi:Stack" in request.urn:
            self.graph.outputs = from_struct(request.outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, *_: Any, **__: Any) -> Any:  # noqa: N802
        self.graph.invokes.append(request.tok)
        answer = self._cloud.invoke(request.tok, from_struct(request.args))
        return resource_pb2.ResourceInvokeResponse(**{"return": to_struct(answer)})

    def _node(self, request: Any) -> Node:
        secrets: list[str] = []
        inputs = from_struct(request.object, secrets)
        return Node(
            urn=self._urn(request),
            type=request.type,
            name=request.name,
            parent=request.parent,
            custom=request.custom,
            inputs=inputs,
            options=_options(request),
            property_dependencies={key: tuple(sorted(each.urns)) for key, each in request.propertyDependencies.items()},
            secrets=tuple(secrets),
        )

    def _urn(self, request: Any) -> str:
        types = request.type
        if request.parent and "pulumi:pulumi:Stack" not in request.parent:
            types = f"{request.parent.split('::')[2]}${request.type}"
        return f"urn:pulumi:{self._stack}::{self._project}::{types}::{request.name}"


def _options(request: Any) -> dict[str, Json]:
    timeouts = json_format.MessageToDict(request.customTimeouts) if request.HasField("customTimeouts") else None
    options = {
        "protect": request.protect if request.HasField("protect") else None,
        "ignoreChanges": list(request.ignoreChanges),
        "customTimeouts": timeouts,
        "provider": request.provider.split("::")[-2] if request.provider else None,
    }
    return {key: value for key, value in options.items() if value}


class EngineLog:
    """Serves the engine's other half: what a program logs."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._root = ""

    def Log(self, request: Any, *_: Any, **__: Any) -> Any:  # noqa: N802
        self._graph.logged.append(request.message)
        return empty_pb2.Empty()

    def SetRootResource(self, request: Any, *_: Any, **__: Any) -> Any:  # noqa: N802
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def GetRootResource(self, _: Any, *__: Any, **___: Any) -> Any:  # noqa: N802
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def RequirePulumiVersion(self, _: Any, *__: Any, **___: Any) -> Any:  # noqa: N802
        return engine_pb2.RequirePulumiVersionResponse()
