"""serverless.yml -> a Stack; all problems of the file are reported at once, each with its line.

The file is held to what SCF and COS accept, and to what keeps the function from starting itself: the output lies
outside the triggers.
Sources: component scf, docs/configure.md and serverless.component.yml; SCF's quota limits, environment variables
and COS trigger documents (read 2026-11-22); the bootstrap of SCF's Python runtimes (read 2026-11-25).
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath

import yaml

from ops.errors import StackError
from ops.stack.fields import Fields, Path, Problems
from ops.stack.stack import CosTrigger, DeadLetter, Stack, environment_bytes, prefixes_overlap
from snapshot.errors import BadSettings
from snapshot.names import BUCKET, never_matches
from snapshot.settings import Settings

MEMORY_MB = (64, *range(128, 3072 + 1, 128))
MAX_ENVIRONMENT_BYTES = 4096
UNSAFE_IN_VALUES = ";="
"""SCF's runtime writes all variables into one text, `NAME=value;NAME=value`, and splits it again at each call."""

_NAME = re.compile(r"[A-Za-z][\w-]{0,58}[A-Za-z0-9]", re.ASCII)
_HANDLER = re.compile(r"[A-Za-z][\w-]{0,58}[A-Za-z]\.[A-Za-z][\w-]{0,58}[A-Za-z]", re.ASCII)
_RUNTIME = re.compile(r"Python3\.\d+")
_ROLE = re.compile(r"[A-Za-z0-9+=,.@_-]{1,128}")
_REGION = re.compile(r"[a-z]+(-[a-z0-9]+)+")
_HOST = re.compile(rf"(?P<bucket>{BUCKET.pattern})\.cos\.(?P<region>[a-z0-9-]+)\.myqcloud\.com", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DESCRIPTION = re.compile(r"[\w ,.\n]*")
_RESERVED = ("SCF_", "QCLOUD_", "TENCENTCLOUD_", "TECENTCLOUD_")
_EVENTS = (
    "cos:ObjectCreated:*",
    "cos:ObjectCreated:Put",
    "cos:ObjectCreated:Post",
    "cos:ObjectCreated:Copy",
    "cos:ObjectCreated:Append",
    "cos:ObjectCreated:CompleteMultipartUpload",
    "cos:ObjectCreated:Origin",
    "cos:ObjectCreated:Replication",
    "cos:ObjectRemove:*",
    "cos:ObjectRemove:Delete",
    "cos:ObjectRemove:DeleteMarkerCreated",
    "cos:ObjectRestore:Completed",
)
_EVENT = re.compile("|".join(map(re.escape, _EVENTS)))
_SUFFIX = re.compile(r"(\..*)?", re.DOTALL)
_ANYTHING = re.compile(r".*", re.DOTALL)

_INPUTS = frozenset({
    "name", "namespace", "role", "src", "type", "handler", "runtime", "region", "description", "memorySize", "timeout",
    "initTimeout", "environment", "publicAccess", "installDependency", "eip", "asyncRunEnable", "retryNum", "msgTTL",
    "deadLetter", "tags", "events",
})  # fmt: skip
"""Every key of `inputs` that is read here; another one would silently do nothing, so it is refused."""
_PARAMETERS = frozenset({"qualifier", "bucket", "filter", "events", "enable"})
_FILTER = frozenset({"prefix", "suffix"})
_DEAD_LETTER_FIELDS = 2


def read_stack(path: FilePath) -> Stack:
    """Return the file's content as a stack.

    Raises:
        StackError: the file cannot be read or used; names every problem at once.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.safe_load(text)
        places = list(_lines(yaml.compose(text, yaml.SafeLoader), set()))
    except OSError as error:
        raise StackError(f"{path} cannot be read: {error.strerror}.", remedy="Name the file with --stack.") from error
    except UnicodeDecodeError as error:
        raise StackError(
            f"{path.name} is not text in UTF-8.", remedy="Save it as UTF-8, or name another file with --stack."
        ) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # ValueError: a date such as 2026-13-01
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise StackError(
            f"{path.name} is not YAML{place}.",
            remedy="Check the indentation, quotes and brackets there and just above.",
        ) from error
    lines: dict[Path, int] = {}
    for part, line in places:
        if part in lines:
            name = ".".join(map(str, part))
            raise StackError(
                f"{path.name} has {name} twice, on line {lines[part]} and on line {line}.",
                remedy="Keep one of them: YAML silently takes the last.",
            )
        lines[part] = line
    return parse_stack(document, source=path.name, lines=lines)


def parse_stack(document: object, *, source: str = "serverless.yml", lines: Mapping[Path, int] | None = None) -> Stack:
    """Return the parsed file as a stack. `lines` holds the line of each of its parts.

    Raises:
        StackError: it cannot be used; names every problem at once.
    """
    reader = _Reader(document, Problems(lines))
    stack = reader.read()
    if stack is None:
        raise StackError(
            f"{source} cannot be used:\n" + "\n".join(f"  - {problem}" for problem in reader.problems.texts),
            remedy="Correct these lines; the comments in the file explain each of them.",
        )
    return stack


def impossible_prefix(prefix: str) -> str | None:
    """Return the reason for which no key can begin so, or None where some can."""
    reason = never_matches(prefix)
    return f"{prefix!r} can never match: {reason}" if reason else None


def unsafe_value(name: str, value: str) -> str | None:
    """Return the reason for which SCF cannot pass this value on, or None where it can."""
    unsafe = [character for character in UNSAFE_IN_VALUES if character in value]
    if not unsafe:
        return None
    return (
        f"{name}: the value contains {' and '.join(map(repr, unsafe))}, where SCF's runtime cuts its list of variables;"
        " the function would get a broken value. Write it without, or leave the variable out to use the default"
    )


def _lines(node: yaml.Node | None, visited: set[int], path: Path = ()) -> Iterator[tuple[Path, int]]:
    """Yield the path and the line, counted from 1, of each part of a document."""
    if node is None or id(node) in visited:  # an alias stands for a part that was visited
        return
    visited.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield (*path, str(name.value)), name.start_mark.line + 1
            yield from _lines(value, visited, (*path, str(name.value)))
    elif isinstance(node, yaml.SequenceNode):
        for number, entry in enumerate(node.value):
            yield (*path, number), entry.start_mark.line + 1
            yield from _lines(entry, visited, (*path, number))


class _Reader:
    """Reads one document and collects every problem on the way."""

    def __init__(self, document: object, problems: Problems) -> None:
        self.problems = problems
        self._top = Fields(document, path=(), problems=Problems())
        inputs = self._top.get("inputs")
        self._in = Fields(inputs if isinstance(inputs, Mapping) else None, path=("inputs",), problems=problems)

    def read(self) -> Stack | None:
        """Return the stack, or None where there was a problem."""
        if self._top.get("component") != "scf" or not isinstance(self._top.get("inputs"), Mapping):
            self.problems.add("it is not a file for the component scf: it needs `component: scf`, and `inputs:` below")
            return None
        self._refuse_what_has_no_effect()
        region = self._in.text("region", _REGION, "a region such as ap-guangzhou")
        triggers = self._triggers(region)
        environment = self._environment()
        appids = {match["appid"] for match in (_HOST.fullmatch(trigger.host) for trigger in triggers) if match}
        settings = self._settings(dict(environment), appid=min(appids, default=""))
        if settings is not None:
            self._keep_output_apart(triggers, settings)
        if len(appids) > 1:
            self._in.note("events", f"the triggers name buckets of {len(appids)} accounts: {', '.join(sorted(appids))}")
        stack = Stack(
            name=self._in.text("name", _NAME, "2 to 60 letters, digits, - and _, beginning with a letter"),
            namespace=self._in.text("namespace", _NAME, "a namespace's name, such as default", default="default"),
            region=region,
            appid=min(appids, default=""),
            role=self._in.text("role", _ROLE, "a role's name; without a run role the function has no credentials"),
            handler=self._in.text("handler", _HANDLER, "file.function, such as handler.main_handler"),
            runtime=self._in.text("runtime", _RUNTIME, "a Python 3, such as Python3.10"),
            description=self._in.text(
                "description", _DESCRIPTION, "letters, digits, spaces, commas and full stops only", default=""
            ),
            memory_mb=self._in.number("memorySize", MEMORY_MB, "64 or a multiple of 128 up to 3072", default=128),
            timeout_s=self._in.number("timeout", range(1, 901), "1 to 900 seconds", default=3),
            init_timeout_s=self._in.number("initTimeout", range(3, 301), "3 to 300 seconds", default=65),
            public_access=self._in.flag("publicAccess", default=True),
            async_run=self._in.flag("asyncRunEnable", default=False),
            environment=environment,
            tags=self._in.inside("tags").pairs(),
            triggers=triggers,
            retries=self._in.number("retryNum", range(3), "0 to 2", default=2),
            message_ttl_s=self._in.number("msgTTL", range(60, 21601), "60 to 21600 seconds", default=21600),
            dead_letter=self._dead_letter(),
            settings=settings or Settings(),
        )
        return None if self.problems.texts else stack

    def _refuse_what_has_no_effect(self) -> None:
        self._in.refuse_others(_INPUTS, "nothing here reads it; remove it, or deploy with `scf deploy`")
        if self._in.get("type") not in (None, "event"):
            self._in.note("type", "must be event: COS calls no web function")
        for name, reason in (
            ("installDependency", "the dependencies are in the package"),
            ("eip", "the function needs no fixed address"),
        ):
            if name in self._in and self._in.get(name) is not False:
                self._in.note(name, f"must be false: {reason}")

    def _environment(self) -> tuple[tuple[str, str], ...]:
        environment = self._in.inside("environment")
        environment.refuse_others({"variables"}, "unknown name")
        variables = environment.inside("variables")
        pairs = variables.pairs()
        path = ("inputs", "environment", "variables")
        for name, value in pairs:
            unsafe = unsafe_value(name, value)
            if not _VARIABLE.fullmatch(name):
                self.problems.add(f"variable {name}: use a letter, then letters, digits and _", (*path, name))
            elif name.startswith(_RESERVED):
                self.problems.add(f"variable {name}: the platform reserves that name", (*path, name))
            elif not value:
                self.problems.add(f"variable {name}: empty; leave it out instead", (*path, name))
            elif unsafe:
                self.problems.add(f"variable {unsafe}", (*path, name))
        size_bytes = environment_bytes(pairs)
        if size_bytes > MAX_ENVIRONMENT_BYTES:
            self.problems.add(
                f"the variables take {size_bytes} bytes, the platform allows {MAX_ENVIRONMENT_BYTES}", path
            )
        return pairs

    def _settings(self, environment: Mapping[str, str], *, appid: str) -> Settings | None:
        path = ("inputs", "environment", "variables")
        if "SNAPSHOT_ENDPOINT" in environment:
            self.problems.add(
                "variable SNAPSHOT_ENDPOINT: for an emulator on the same machine, never in the cloud",
                (*path, "SNAPSHOT_ENDPOINT"),
            )
        try:
            return Settings.from_environment(environment, appid=appid)
        except BadSettings as error:
            for problem in error.problems:
                named = [name for name in environment if re.search(rf"\b{re.escape(name)}\b", problem)]
                self.problems.add(f"variable {problem}", (*path, *named[:1]))
            return None

    def _triggers(self, region: str) -> tuple[CosTrigger, ...]:
        events = self._in.get("events")
        listed = events if isinstance(events, list) else []
        described = [
            (number, entry["cos"])
            for number, entry in enumerate(listed)
            if isinstance(entry, Mapping) and "cos" in entry
        ]
        if not described or len(described) != len(listed):
            self._in.note("events", "must be one or more cos triggers, and no other kind")
        triggers = [self._trigger(number, value, region) for number, value in described]
        complete = tuple(trigger for trigger in triggers if trigger is not None)
        for at, trigger in enumerate(complete):
            for other in complete[:at]:
                if trigger.overlaps(other):
                    self._in.note("events", f"two triggers overlap, which COS refuses: {other} and {trigger}")
        if complete and not any(trigger.event.startswith("cos:ObjectCreated:") for trigger in complete):
            self._in.note("events", "no trigger is for uploads; add one for cos:ObjectCreated:*")
        return complete

    def _trigger(self, number: int, value: object, region: str) -> CosTrigger | None:
        cos = Fields(
            value, path=("inputs", "events", number, "cos"), problems=self.problems, label=f"trigger {number + 1}"
        )
        cos.refuse_others({"name", "parameters"}, "a trigger has no such entry")
        if not isinstance(cos.get("parameters"), Mapping):
            cos.note("", "has no parameters")
            return None
        parameters, filtered = cos.inside("parameters"), cos.inside("parameters").inside("filter")
        parameters.refuse_others(_PARAMETERS, "a trigger has no such entry")
        filtered.refuse_others(_FILTER, "a filter has no such entry")
        host = parameters.text("bucket", _HOST, "a whole host, NAME-APPID.cos.REGION.myqcloud.com")
        match = _HOST.fullmatch(host)
        if match and region and match["region"] != region:
            parameters.note(
                "bucket", f"the bucket is in {match['region']}, the function in {region}; they must be in one region"
            )
        event = parameters.text("events", _EVENT, f"one of {', '.join(_EVENTS)}")
        if parameters.get("enable") is not True:
            parameters.note("enable", "must be written and true; without it the trigger stays closed")
        prefix = filtered.text("prefix", _ANYTHING, "the beginning of a key, such as videos/", default="")
        impossible = impossible_prefix(prefix)
        if impossible:
            filtered.note("prefix", impossible)
        return CosTrigger(
            host=host,
            bucket=match["bucket"] if match else "",
            event=event,
            prefix=prefix,
            suffix=filtered.text("suffix", _SUFFIX, "the end of a key such as .mp4, or empty", default=""),
            enabled=True,
            qualifier=parameters.text("qualifier", _ANYTHING, "a version or an alias", default="$DEFAULT"),
        )

    def _keep_output_apart(self, triggers: tuple[CosTrigger, ...], settings: Settings) -> None:
        for number, trigger in enumerate(triggers):
            path: Path = ("inputs", "events", number)
            output = settings.output_bucket or trigger.bucket
            if output == trigger.bucket and prefixes_overlap(trigger.prefix, settings.output_prefix):
                self.problems.add(
                    f"the output prefix {settings.output_prefix!r} and the trigger's prefix {trigger.prefix!r} overlap:"
                    " each thumbnail would start the function again, and you would pay for it",
                    path,
                )
            if not prefixes_overlap(trigger.prefix, settings.input_prefix):
                self.problems.add(
                    f"the trigger's prefix {trigger.prefix!r} and SNAPSHOT_INPUT_PREFIX {settings.input_prefix!r}"
                    " have nothing in common: no upload would ever be processed",
                    path,
                )

    def _dead_letter(self) -> DeadLetter | None:
        if self._in.get("deadLetter") is None:
            return None
        lowered = {name.lower(): value for name, value in self._in.inside("deadLetter").pairs()}
        kind, name = lowered.get("type", ""), lowered.get("name", "")
        if kind not in {"CMQ-QUEUE", "CMQ-TOPIC"} or not name or len(lowered) > _DEAD_LETTER_FIELDS:
            self._in.note("deadLetter", "needs type CMQ-QUEUE or CMQ-TOPIC, and a name, and nothing else")
            return None
        return DeadLetter(kind, name)
