"""serverless.yml -> a Stack, checked all at once.

Holds the file to what SCF and COS accept, and to what this project promises: the output lies outside the trigger.
Must not know: what exists in the cloud.
Sources: component scf, docs/configure.md and serverless.component.yml; SCF's quota limits, environment variables
and COS trigger documents (read 2026-11-22).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import yaml

from ops.errors import StackError
from ops.fields import Fields
from ops.stack import CosTrigger, DeadLetter, Stack, environment_bytes
from snapshot.errors import BadSettings
from snapshot.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

MEMORY_MB = (64, *range(128, 3072 + 1, 128))
ENVIRONMENT_BYTES = 4096
NAME = re.compile(r"[A-Za-z][\w-]{0,58}[A-Za-z0-9]", re.ASCII)
HANDLER = re.compile(r"[A-Za-z][\w-]{0,58}[A-Za-z]\.[A-Za-z][\w-]{0,58}[A-Za-z]", re.ASCII)
ROLE = re.compile(r"[A-Za-z0-9+=,.@_-]{1,128}")
REGION = re.compile(r"[a-z]+(-[a-z0-9]+)+")
HOST = re.compile(r"(?P<bucket>[a-z0-9][a-z0-9-]*-(?P<appid>\d{5,}))\.cos\.(?P<region>[a-z0-9-]+)\.myqcloud\.com")
VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
DESCRIPTION = re.compile(r"[\w ,.\n]*")
RESERVED = ("SCF_", "QCLOUD_", "TENCENTCLOUD_", "TECENTCLOUD_")
KINDS = ("Put", "Post", "Copy", "CompleteMultipartUpload", "Origin", "Replication")
CREATED = re.compile(rf"cos:ObjectCreated:(\*|{'|'.join(KINDS)})")
SUFFIX = re.compile(r"(\..*)?", re.DOTALL)
ANYTHING = re.compile(r".*", re.DOTALL)

READ = frozenset({
    "name", "namespace", "role", "src", "type", "handler", "runtime", "region", "description", "memorySize", "timeout",
    "initTimeout", "environment", "publicAccess", "installDependency", "eip", "asyncRunEnable", "retryNum", "msgTTL",
    "deadLetter", "tags", "events",
})  # fmt: skip
"""Every key of `inputs` that is read here; another one would be silently without effect, so it is refused."""
PARAMETERS = frozenset({"qualifier", "bucket", "filter", "events", "enable"})
FILTER = frozenset({"prefix", "suffix"})


def read_stack(path: Path) -> Stack:
    """Read the file. Raises StackError naming every problem at once."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StackError(f"{path} cannot be read: {error.strerror}.", remedy="Name the file with --stack.") from error
    except UnicodeDecodeError as error:
        raise StackError(
            f"{path.name} is not text in UTF-8.", remedy="Save it as UTF-8, or name another file."
        ) from error
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f" at line {place.line + 1}, column {place.column + 1}" if place else ""
        raise StackError(
            f"{path.name} is not YAML{where}.",
            remedy="Look at the indentation, quotes and brackets there and just above.",
        ) from error
    return parse_stack(document, source=path.name)


def parse_stack(document: object, *, source: str = "serverless.yml") -> Stack:
    """Check the parsed file. Raises StackError naming every problem at once."""
    reader = _Reader(document)
    stack = reader.stack()
    if reader.problems or stack is None:
        raise StackError(
            f"{source} cannot be used:\n" + "\n".join(f"  - {problem}" for problem in reader.problems),
            remedy="Mend these lines; the comments in the file say what each is for.",
        )
    return stack


class _Reader:
    """Reads one document and notes every problem on the way."""

    def __init__(self, document: object) -> None:
        self.problems: list[str] = []
        self._top = Fields(document, where="", problems=[])
        inputs = self._top.get("inputs")
        self._in = Fields(inputs if isinstance(inputs, Mapping) else None, where="inputs", problems=self.problems)

    def stack(self) -> Stack | None:
        """The stack, or None where a problem stands in the way."""
        if self._top.get("component") != "scf" or not isinstance(self._top.get("inputs"), Mapping):
            self.problems.append("it is no file for the component scf: `component: scf`, and `inputs:` below it")
            return None
        self._refuse_what_has_no_effect()
        region = self._in.text("region", REGION, "a region such as ap-guangzhou")
        triggers = self._triggers(region)
        environment = self._environment()
        settings = self._settings(dict(environment))
        if settings is not None:
            self._keep_output_apart(triggers, settings)
        appids = {match["appid"] for match in (HOST.fullmatch(one.host) for one in triggers) if match}
        if len(appids) > 1:
            self.problems.append(f"the triggers name buckets of {len(appids)} accounts: {', '.join(sorted(appids))}")
        stack = Stack(
            name=self._in.text("name", NAME, "2 to 60 letters, digits, - and _, from a letter on"),
            namespace=self._in.text("namespace", NAME, "a namespace's name, such as default", default="default"),
            region=region,
            appid=min(appids, default=""),
            role=self._in.text("role", ROLE, "a role's name; without a run role the function has no keys"),
            handler=self._in.text("handler", HANDLER, "file.function, such as handler.main_handler"),
            runtime=self._in.text("runtime", re.compile(r"Python3\.\d+"), "a Python 3, such as Python3.10"),
            description=self._in.text(
                "description", DESCRIPTION, "letters, digits, spaces, commas and full stops alone", default=""
            ),
            memory_mb=self._in.number("memorySize", MEMORY_MB, "64 or a multiple of 128 up to 3072", default=128),
            timeout_s=self._in.number("timeout", range(1, 901), "1 to 900 seconds", default=3),
            init_timeout_s=self._in.number("initTimeout", range(3, 301), "3 to 300 seconds", default=65),
            public_access=self._in.flag("publicAccess", default=True),
            environment=environment,
            tags=self._in.inside("tags").pairs(),
            triggers=triggers,
            retries=self._in.number("retryNum", range(3), "0 to 2", default=2),
            message_ttl_s=self._in.number("msgTTL", range(60, 21601), "60 to 21600 seconds", default=21600),
            dead_letter=self._dead_letter(),
            settings=settings or Settings(),
        )
        return None if self.problems else stack

    def _refuse_what_has_no_effect(self) -> None:
        self._in.refuse_others(READ, "nothing that is set from here; leave it out, or use scf deploy")
        if self._in.get("type") not in (None, "event"):
            self._in.note("type", "must be event: COS calls no web function")
        for key, why in (
            ("asyncRunEnable", "it switches retries and the dead letter off"),
            ("installDependency", "the dependencies are in the package"),
            ("eip", "the function needs no fixed address"),
        ):
            if key in self._in and self._in.get(key) is not False:
                self._in.note(key, f"must be false: {why}")

    def _environment(self) -> tuple[tuple[str, str], ...]:
        environment = self._in.inside("environment")
        environment.refuse_others({"variables"}, "no such part")
        pairs = environment.inside("variables").pairs()
        for name, value in pairs:
            if not VARIABLE.fullmatch(name):
                self.problems.append(f"variable {name}: a letter, then letters, digits and _")
            elif name.startswith(RESERVED):
                self.problems.append(f"variable {name}: the platform keeps that name for itself")
            elif not value:
                self.problems.append(f"variable {name}: empty; leave it out instead")
        size_bytes = environment_bytes(pairs)
        if size_bytes > ENVIRONMENT_BYTES:
            self.problems.append(f"the variables take {size_bytes} bytes, the platform gives {ENVIRONMENT_BYTES}")
        return pairs

    def _settings(self, environment: Mapping[str, str]) -> Settings | None:
        if "SNAPSHOT_ENDPOINT" in environment:
            self.problems.append("variable SNAPSHOT_ENDPOINT: for an emulator on the same machine, never in the cloud")
        try:
            return Settings.from_environment(environment)
        except BadSettings as error:
            self.problems.extend(f"variable {problem}" for problem in error.problems)
            return None

    def _triggers(self, region: str) -> tuple[CosTrigger, ...]:
        events = self._in.get("events")
        listed = events if isinstance(events, list) else []
        wanted = [one["cos"] for one in listed if isinstance(one, Mapping) and "cos" in one]
        if not wanted or len(wanted) != len(listed):
            self._in.note("events", "one or more cos triggers, and no other kind")
        triggers = [self._trigger(f"trigger {number}", one, region) for number, one in enumerate(wanted, 1)]
        return tuple(trigger for trigger in triggers if trigger is not None)

    def _trigger(self, where: str, found: object, region: str) -> CosTrigger | None:
        cos = Fields(found, where=where, problems=self.problems)
        cos.refuse_others({"name", "parameters"}, "no such part of a trigger")
        if not isinstance(cos.get("parameters"), Mapping):
            cos.note("", "no parameters")
            return None
        parameters, kept = cos.inside("parameters"), cos.inside("parameters").inside("filter")
        parameters.refuse_others(PARAMETERS, "no such part of a trigger")
        kept.refuse_others(FILTER, "no such part of a filter")
        host = parameters.text("bucket", HOST, "a whole host, NAME-APPID.cos.REGION.myqcloud.com")
        match = HOST.fullmatch(host)
        if match and region and match["region"] != region:
            cos.note("", f"its bucket is in {match['region']}, the function in {region}; they must meet")
        event = parameters.text("events", CREATED, f"one of cos:ObjectCreated:{{{', '.join(('*', *KINDS))}}}")
        if parameters.get("enable") is not True:
            parameters.note("enable", "must be written and true; without it the trigger stays closed")
        return CosTrigger(
            host=host,
            bucket=match["bucket"] if match else "",
            event=event,
            prefix=kept.text("prefix", ANYTHING, "the beginning of a key, such as videos/", default=""),
            suffix=kept.text("suffix", SUFFIX, "the end of a key, from a full stop on, or empty", default=""),
            enabled=True,
            qualifier=parameters.text("qualifier", ANYTHING, "a version or an alias", default="$DEFAULT"),
        )

    def _keep_output_apart(self, triggers: tuple[CosTrigger, ...], settings: Settings) -> None:
        for trigger in triggers:
            output = settings.output_bucket or trigger.bucket
            prefixes = (trigger.prefix, settings.output_prefix)
            if output == trigger.bucket and _nested(*prefixes):
                self.problems.append(
                    f"the output prefix {prefixes[1]!r} and the trigger's prefix {prefixes[0]!r} overlap: each"
                    " thumbnail would start the function again, and you would pay for it"
                )
            if not _nested(trigger.prefix, settings.input_prefix):
                self.problems.append(
                    f"the trigger's prefix {trigger.prefix!r} and SNAPSHOT_INPUT_PREFIX {settings.input_prefix!r}"
                    " have nothing in common: no upload would ever be worked on"
                )

    def _dead_letter(self) -> DeadLetter | None:
        found = self._in.get("deadLetter")
        if found is None:
            return None
        lowered = {name.lower(): value for name, value in self._in.inside("deadLetter").pairs()}
        kind, name = lowered.get("type", ""), lowered.get("name", "")
        if kind not in {"CMQ-QUEUE", "CMQ-TOPIC"} or not name or len(lowered) > 2:  # noqa: PLR2004 -- these two
            self._in.note("deadLetter", "type CMQ-QUEUE or CMQ-TOPIC, and a name, and nothing else")
            return None
        return DeadLetter(kind, name)


def _nested(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
