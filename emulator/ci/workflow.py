"""A workflow's document -> a Workflow: which uploads start it, and which functions it calls.

Only function nodes (SCF) are here; a node of another kind is refused by its name.
Sources: Cloud Infinite's documents on creating a workflow and its structures (1045/43733, 1045/49945), read 2026-11-25;
"a function node takes only functions with asynchronous execution and status tracking": its console guide on custom
functions, read 2026-11-25; the event of a function node: the COS team's own handler, read 2026-11-22.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element

from emulator.errors import ServiceError, not_here

State = Literal["Active", "Paused"]

# The document: Chinese, English, digits, - and _, up to 128 characters
_NAME = re.compile(r"[\w-]{1,128}")
_NODE = re.compile(r"[A-Z][A-Za-z]*_[A-Za-z0-9_]{1,64}")
# "Video: mp4, flv, ..." names kinds only; these are the containers that CI's media processing takes.
_VIDEO_EXTENSIONS = ("avi", "mp4", "m4v", "mkv", "mov", "webm", "flv", "ts", "3gp")


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow of a bucket; `extensions` empty takes every object. `functions` are called in this order."""

    workflow_id: str
    bucket: str
    name: str
    prefix: str
    extensions: tuple[str, ...]
    functions: tuple[str, ...]
    state: State
    queue_id: str

    def matches(self, bucket: str, key: str) -> bool:
        """Return whether an upload of this key starts the workflow."""
        extension = key.rpartition(".")[2].lower()
        is_kind = not self.extensions or extension in self.extensions
        return self.state == "Active" and bucket == self.bucket and key.startswith(self.prefix) and is_kind


def read_workflow(root: Element, *, workflow_id: str, bucket: str, region: str) -> Workflow:
    """Return the workflow that a Request document describes.

    Raises:
        ServiceError: 400 InvalidArgument for a document that is not in order, 501 NotImplemented for a node that is not
            here; both name the part.
    """
    workflow = _child(root, "MediaWorkflow")
    name = workflow.findtext("Name") or ""
    if not _NAME.fullmatch(name):
        raise _invalid("MediaWorkflow.Name has 1 to 128 letters, digits, - and _")
    state = workflow.findtext("State") or "Paused"
    if state not in {"Active", "Paused"}:
        raise _invalid("MediaWorkflow.State is Active or Paused")
    topology = _child(workflow, "Topology")
    nodes = {node.tag: node for node in _child(topology, "Nodes")}
    start = nodes.get("Start")
    if start is None or start.findtext("Type") != "Start":
        raise _invalid("Topology.Nodes has a Start of Type Start")
    settings = _child(start, "Input")
    return Workflow(
        workflow_id=workflow_id,
        bucket=bucket,
        name=name,
        prefix=settings.findtext("ObjectPrefix") or "",
        extensions=_extensions(settings.find("ExtFilter")),
        functions=_functions(_child(topology, "Dependencies"), nodes, region),
        state="Active" if state == "Active" else "Paused",
        queue_id=settings.findtext("QueueId") or "",
    )


def node_event(bucket: str, region: str, key: str) -> Mapping[str, object]:
    """Return the event with which a workflow calls a function for an object."""
    place = {"BucketId": bucket, "Region": region, "Object": key}
    return {"ObjectInfo": place, "Upstream": place}


def _functions(dependencies: Element, nodes: Mapping[str, Element], region: str) -> tuple[str, ...]:
    """Return the functions in the order in which the nodes depend on each other."""
    dependencies_of = {
        element.tag: [name.strip() for name in (element.text or "").split(",") if name.strip()]
        for element in dependencies
    }
    functions: list[str] = []
    reached: set[str] = set()
    waiting = list(dependencies_of.get("Start", []))
    while waiting:
        name = waiting.pop(0)
        if name == "End" or name in reached:
            continue
        reached.add(name)
        if name not in nodes or not _NODE.fullmatch(name):
            raise _invalid(f"Topology.Dependencies names a node {name[:40]!r} that Topology.Nodes does not have")
        functions.append(_function(name, nodes[name], region))
        waiting += dependencies_of.get(name, [])
    unreached = sorted(set(nodes) - reached - {"Start", "End"})
    if not functions or unreached:
        raise _invalid(f"nothing leads from Start to {', '.join(unreached) or 'a node'}")
    return tuple(functions)


def _function(name: str, node: Element, region: str) -> str:
    kind = node.findtext("Type") or ""
    if kind != "SCF":
        raise not_here(f"a workflow node of the type {kind[:40] or '(none)'}", "ci")
    function = _child(_child(node, "Operation"), "SCF")
    if (function.findtext("Region") or region) != region:
        raise _invalid(f"{name}: a function is called in the bucket's own region, {region}")
    if (function.findtext("Namespace") or "default") != "default":
        raise _invalid(f"{name}: the only namespace here is default")
    function_name = function.findtext("FunctionName") or ""
    if not function_name:
        raise _invalid(f"{name}: Operation.SCF.FunctionName is required")
    return function_name


def _extensions(filters: Element | None) -> tuple[str, ...]:
    if filters is None or filters.findtext("State") != "On" or _is_true(filters, "AllFile"):
        return ()
    for kind in ("Audio", "Image"):
        if _is_true(filters, kind):
            raise not_here(f"ExtFilter.{kind}", "ci")
    extensions: list[str] = list(_VIDEO_EXTENSIONS) if _is_true(filters, "Video") else []
    if _is_true(filters, "Custom"):
        # The document: custom suffixes, several separated by a slash
        extensions += [text.strip().lower() for text in (filters.findtext("CustomExts") or "").split("/") if text]
    if not extensions:
        raise _invalid("ExtFilter with State On takes Video, Custom with CustomExts, or AllFile")
    return tuple(extensions)


def _is_true(element: Element, name: str) -> bool:
    return (element.findtext(name) or "").lower() == "true"


def _child(element: Element, name: str) -> Element:
    child = element.find(name)
    if child is None:
        raise _invalid(f"{element.tag} has no {name}")
    return child


def _invalid(message: str) -> ServiceError:
    return ServiceError(400, "InvalidArgument", message, "ci")
