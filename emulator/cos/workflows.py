"""Handle CI's operations on workflows, and start a bucket's workflows for its uploads.

Sources: CI's documents on CreateMediaWorkflow, DescribeMediaWorkflow, DeleteMediaWorkflow, ActiveMediaWorkflow,
PausedMediaWorkflow, TriggerMediaWorkflow and DescribeWorkflowExecutions, read 2026-11-25.
"""

import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from xml.etree.ElementTree import Element

from emulator.ci.workflow import Workflow, node_event, read_workflow
from emulator.cos.bodies import read_document
from emulator.cos.context import Operations, RequestContext
from emulator.cos.store import Store
from emulator.errors import ServiceError
from emulator.http.messages import XML, Response
from emulator.xml import add, add_fields, document, to_xml

_CHINA = timezone(timedelta(hours=8))
_MAX_EXECUTIONS = 1000
_CREATED = "cos:ObjectCreated:"


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a workflow for an object; `request_ids` are those of the functions' calls, in their order."""

    run_id: str
    workflow: Workflow
    key: str
    request_ids: tuple[str, ...]
    at_s: float


class Workflows:
    """The workflows of an account. Safe across threads.

    `refusal` returns why a function cannot be called by a workflow, None where it can; `call` queues a call of it and
    returns the request id; `status` returns the status of such a call: RUNNING, FINISHED or FAILED.
    """

    def __init__(  # each belongs to another part of the cloud
        self,
        store: Store,
        region: str,
        *,
        is_bound: Callable[[str], bool],
        refusal: Callable[[str], str | None],
        call: Callable[[str, Mapping[str, object]], str],
        status: Callable[[str], str],
        now: Callable[[], float],
    ) -> None:
        self._store, self._region = store, region
        self._is_bound, self._refusal, self._call, self._status = is_bound, refusal, call, status
        self._now = now
        self._lock = threading.Lock()
        self._workflows: dict[str, tuple[Workflow, float]] = {}
        self._executions: deque[Execution] = deque(maxlen=_MAX_EXECUTIONS)
        self.operations: Operations = {
            "CreateMediaWorkflow": self._create,
            "DescribeMediaWorkflow": self._describe,
            "UpdateMediaWorkflow": self._update,
            "DeleteMediaWorkflow": self._delete,
            "TriggerMediaWorkflow": self._trigger,
            "DescribeWorkflowExecution": self._describe_execution,
            "DescribeWorkflowExecutions": self._describe_executions,
        }

    def start(self, bucket: str, key: str, event_name: str) -> None:
        """Start every active workflow of the bucket that an upload matches; other events start none."""
        if not event_name.startswith(_CREATED) or not self._is_bound(bucket):
            return
        with self._lock:
            matching = [workflow for workflow, _ in self._workflows.values() if workflow.matches(bucket, key)]
        for workflow in matching:
            self._run(workflow, key)

    def clear(self) -> None:
        """Forget every workflow and execution."""
        with self._lock:
            self._workflows.clear()
            self._executions.clear()

    def _run(self, workflow: Workflow, key: str) -> Execution:
        event = node_event(workflow.bucket, self._region, key)
        # A function that is gone meanwhile, or was made anew without asynchronous execution, is not called.
        callable_now = [name for name in workflow.functions if self._refusal(name) is None]
        request_ids = tuple(self._call(name, event) for name in callable_now)
        execution = Execution(f"i{uuid.uuid4().hex}", workflow, key, request_ids, self._now())
        with self._lock:
            self._executions.append(execution)
        return execution

    def _create(self, context: RequestContext) -> Response:
        workflow = self._read(context, f"w{uuid.uuid4().hex}")
        with self._lock:
            if any(workflow.name == other.name for other, _ in self._workflows.values()):
                raise ServiceError(400, "InvalidArgument", f"there is a workflow {workflow.name} already", "ci")
            self._workflows[workflow.workflow_id] = workflow, self._now()
        return self._answer(context, "MediaWorkflow", [workflow])

    def _update(self, context: RequestContext) -> Response:
        workflow = self._named(context)
        request = context.request
        # "PUT /workflow/ID?active", "?paused"; without either the body is a workflow's document
        if request.has("active") or request.has("paused"):
            changed = replace(workflow, state="Active" if request.has("active") else "Paused")
        elif workflow.state == "Active":
            raise ServiceError(400, "InvalidArgument", "an active workflow cannot be edited: pause it first", "ci")
        else:
            changed = self._read(context, workflow.workflow_id)
        with self._lock:
            self._workflows[workflow.workflow_id] = changed, self._now()
        return self._answer(context, "MediaWorkflow", [changed])

    def _describe(self, context: RequestContext) -> Response:
        self._require_bound(context)
        request = context.request
        ids = [text for text in (request.param("ids") or "").split(",") if text]
        name = request.param("name") or ""
        with self._lock:
            workflows = [
                workflow
                for workflow, _ in self._workflows.values()
                if workflow.bucket == context.bucket
                and (not ids or workflow.workflow_id in ids)
                and workflow.name.startswith(name)
            ]
        return self._answer(context, "MediaWorkflowList", workflows)

    def _delete(self, context: RequestContext) -> Response:
        workflow = self._named(context)
        if workflow.state == "Active":
            raise ServiceError(400, "InvalidArgument", "an active workflow cannot be deleted: pause it first", "ci")
        with self._lock:
            del self._workflows[workflow.workflow_id]
        root = document("Response", [("RequestId", context.request_id), ("WorkflowId", workflow.workflow_id)])
        return Response.of(200, to_xml(root), XML)

    def _trigger(self, context: RequestContext) -> Response:
        workflow = self._find(context, context.request.param("workflowId") or "")
        key = context.request.param("object") or ""
        self._store.open(context.bucket, key)  # an object that is not there is COS's error
        execution = self._run(workflow, key)
        root = document("Response", [("RequestId", context.request_id), ("InstanceId", execution.run_id)])
        return Response.of(200, to_xml(root), XML)

    def _describe_execution(self, context: RequestContext) -> Response:
        self._require_bound(context)
        run_id = context.request.path.rpartition("/")[2]
        with self._lock:
            execution = next((run for run in self._executions if run.run_id == run_id), None)
        if execution is None:
            raise ServiceError(400, "ResourceNotFound", f"there is no execution {run_id[:64]}", "ci")
        root = document("Response", [("RequestId", context.request_id)])
        self._add_execution(add(root, "WorkflowExecution"), execution)
        return Response.of(200, to_xml(root), XML)

    def _describe_executions(self, context: RequestContext) -> Response:
        workflow = self._find(context, context.request.param("workflowId") or "")
        with self._lock:
            executions = [run for run in self._executions if run.workflow.workflow_id == workflow.workflow_id]
        root = document("Response", [("RequestId", context.request_id)])
        for execution in reversed(executions):
            self._add_execution(add(root, "WorkflowExecutionList"), execution)
        return Response.of(200, to_xml(root), XML)

    def _add_execution(self, parent: Element, execution: Execution) -> None:
        states = [self._status(request_id) for request_id in execution.request_ids]
        state = "Failed" if "FAILED" in states else "Running" if "RUNNING" in states else "Success"
        if len(states) < len(execution.workflow.functions):
            state = "Failed"
        add_fields(
            parent,
            [
                ("RunId", execution.run_id),
                ("WorkflowId", execution.workflow.workflow_id),
                ("WorkflowName", execution.workflow.name),
                ("State", state),
                ("Object", execution.key),
                ("CreateTime", _local_time(execution.at_s)),
            ],
        )

    def _read(self, context: RequestContext, workflow_id: str) -> Workflow:
        self._require_bound(context)
        try:
            root = read_document(context.request, "Request")
        except ServiceError as error:
            raise ServiceError(400, "InvalidArgument", error.message, "ci") from error
        workflow = read_workflow(root, workflow_id=workflow_id, bucket=context.bucket, region=self._region)
        for name in workflow.functions:
            refusal = self._refusal(name)
            if refusal is not None:
                raise ServiceError(400, "InvalidArgument", refusal, "ci")
        return workflow

    def _named(self, context: RequestContext) -> Workflow:
        return self._find(context, context.request.path.rpartition("/")[2])

    def _find(self, context: RequestContext, workflow_id: str) -> Workflow:
        self._require_bound(context)
        with self._lock:
            workflow, _ = self._workflows.get(workflow_id, (None, 0.0))
        if workflow is None or workflow.bucket != context.bucket:
            raise ServiceError(400, "ResourceNotFound", f"the bucket has no workflow {workflow_id[:64]}", "ci")
        return workflow

    def _require_bound(self, context: RequestContext) -> None:
        if not self._is_bound(context.bucket):
            raise ServiceError(400, "MediaBucketUnBinded", "media bucket unbinded, bucket's host is unavailable", "ci")

    def _answer(self, context: RequestContext, element: str, workflows: list[Workflow]) -> Response:
        root = document("Response", [("RequestId", context.request_id)])
        if element == "MediaWorkflowList":
            add_fields(root, [("TotalCount", str(len(workflows))), ("PageNumber", "1"), ("PageSize", "10")])
        for workflow in workflows:
            add_fields(
                add(root, element),
                [
                    ("Name", workflow.name),
                    ("WorkflowId", workflow.workflow_id),
                    ("State", workflow.state),
                    ("BucketId", workflow.bucket),
                ],
            )
        return Response.of(200, to_xml(root), XML)


def _local_time(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, _CHINA).strftime("%Y-%m-%dT%H:%M:%S%z")
