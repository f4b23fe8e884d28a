import contextlib
import os
import select
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from emulator.scf.function import Function
from emulator.scf.status import InvocationRefused
from tests.emulator.scf.conftest import writing_end

ECHO = """
import os, sys
def main_handler(event, context):
    return {"event": event, "context": context, "env": dict(os.environ), "pid": os.getpid(), "path": sys.path}
"""

COUNTER = """
import os
print("imported")
calls = 0
def main_handler(event, context):
    global calls
    calls += 1
    return [calls, os.getpid()]
"""

EVALUATE = """
import contextlib, os, pathlib, resource, shutil, subprocess, sys, tempfile, threading, json, logging, signal
def main_handler(event, context):
    return eval(event["code"])
"""

MIB = 1024 * 1024
IN_A_CHILD = "subprocess.run([sys.executable, '-c', 'x = bytearray(200 * 1024 * 1024)']).returncode"


@pytest.fixture
def evaluate(deploy, platform):
    """Evaluate an expression inside a function."""
    deploy(EVALUATE)
    return lambda code: platform.invoke("demo", {"code": code})


@pytest.fixture
def has_room(evaluate):
    if evaluate("shutil.disk_usage('/tmp').total").return_value != 512 * MIB:
        pytest.skip("this system lets no process have a view of the disk of its own")


@contextlib.contextmanager
def busy(platform, package_dir, name="demo"):
    """Have one call under way that reads a pipe until the block ends; gives where its result will be."""
    gate, results = package_dir / "gate", []
    caller = threading.Thread(target=lambda: results.append(platform.invoke(name, {"wait": True})))
    caller.start()
    with writing_end(gate):
        yield results
    caller.join()


def gated(deploy, **choices):
    """Deploy a function that waits at a gate when it is asked to."""
    function = deploy(
        """
        import os
        def main_handler(event, context):
            if event.get("wait"):
                with open(os.environ["USER_CODE_ROOT"] + "gate") as gate:
                    gate.read()
            return os.getpid()
        """,
        **choices,
    )
    os.mkfifo(function.code_dir / "gate")
    return function.code_dir


# One process, warm between calls


def test_own_process(deploy, platform):
    """The function runs in a process of its own."""
    deploy(ECHO)
    assert platform.invoke("demo", {}).return_value["pid"] != os.getpid()


def test_warm_handler(deploy, platform):
    """The handler is imported once and stays warm."""
    deploy(COUNTER)
    first, second = platform.invoke("demo", {}), platform.invoke("demo", {})
    assert first.return_value == [1, second.return_value[1]]
    assert second.return_value[0] == 2
    assert (first.log, second.log) == (("imported",), ())
    assert first.init_ms > 0
    assert second.init_ms == 0


def test_event_arrives(deploy, platform):
    """The event arrives as it was sent."""
    deploy(ECHO)
    event = {"text": 'a "b" \\ 影片 \u2028', "deep": [{"null": None, "true": True, "number": 1.5}], "empty": {}}
    assert platform.invoke("demo", event).return_value["event"] == event


def test_context(deploy, platform):
    """The context is the documented one."""
    deploy(ECHO, memory_mb=128, timeout_s=3, environment={"A": "1"})
    result = platform.invoke("demo", {})
    assert result.return_value["context"] == {
        "memory_limit_in_mb": 128,
        "time_limit_in_ms": 3000,
        "request_id": result.request_id,
        "environment": '{"SCF_NAMESPACE":"default","A":"1"}',
        "environ": "SCF_NAMESPACE=default;A=1",
        "function_version": "$LATEST",
        "function_name": "demo",
        "namespace": "default",
        "tencentcloud_region": "ap-guangzhou",
        "tencentcloud_appid": "1250000000",
        "tencentcloud_uin": "100000000001",
    }


def test_environment(deploy, platform, monkeypatch):
    """The environment is the documented one, and nothing of the host's."""
    monkeypatch.setenv("HOST_SECRET", "hush")
    monkeypatch.setenv("PYTHONSTARTUP", "hush")
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        monkeypatch.delenv(name, raising=False)
    code_dir = deploy(ECHO, environment={"SNAPSHOT_TIMES": "1,25%"}).code_dir.resolve()
    environment = platform.invoke("demo", {}).return_value["env"]
    environment.pop("TMPDIR", None)  # only where there can be no /tmp of its own
    assert environment == {
        "SNAPSHOT_TIMES": "1,25%",
        "TENCENTCLOUD_SECRETID": "AKIDnumber1",
        "TENCENTCLOUD_SECRETKEY": "secretnumber1",
        "TENCENTCLOUD_SESSIONTOKEN": "tokennumber1",
        "TENCENTCLOUD_RUNENV": "SCF",
        "TENCENTCLOUD_REGION": "ap-guangzhou",
        "TENCENTCLOUD_APPID": "1250000000",
        "TENCENTCLOUD_UIN": "100000000001",
        "TENCENTCLOUD_TZ": "UTC",
        "SCF_RUNTIME": "Python3.10",
        "SCF_FUNCTIONNAME": "demo",
        "SCF_FUNCTIONVERSION": "$LATEST",
        "SCF_NAMESPACE": "default",
        "_SCF_SERVER_PORT": "28902",
        "USER_CODE_ROOT": f"{code_dir}/",
        "PYTHONPATH": f"{code_dir}:/opt",
        "PYTHONDONTWRITEBYTECODE": "x",
        "PWD": str(code_dir),
        "HOME": "/home/qcloud",
        "LOGNAME": "qcloud",
        "USER": "qcloud",
        "LANG": "en_US.UTF8",
        "LC_ALL": "en_US.UTF8",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "SHELL": "/bin/bash",
        "TZ": "UTC",
    }


def test_renewed_credentials(deploy, platform, issuer):
    """A warm function sees new credentials at its next call, once the old ones are near their end."""
    issuer.lifetime_s = 100
    deploy(ECHO)
    first, second = (platform.invoke("demo", {}).return_value for _ in range(2))
    assert first["pid"] == second["pid"]
    for name in ("SECRETID", "SECRETKEY", "SESSIONTOKEN"):
        assert first["env"][f"TENCENTCLOUD_{name}"] != second["env"][f"TENCENTCLOUD_{name}"]


def test_kept_credentials(deploy, platform, issuer):
    """Credentials that still last are not issued again."""
    deploy(ECHO, role="snapshot-role")
    for _ in range(3):
        platform.invoke("demo", {})
    assert issuer.requests == [("snapshot-role", 21600)]


def test_no_role(deploy, platform, issuer):
    """Without a run role there are no credentials."""
    deploy(ECHO, role="")
    assert not [name for name in platform.invoke("demo", {}).return_value["env"] if "SECRET" in name]
    assert issuer.requests == []


def test_credentials_are_set_anew(evaluate):
    """Credentials are set anew at each call of a warm process."""
    evaluate("os.environ.update(TENCENTCLOUD_SECRETID='stale')")
    assert evaluate("os.environ['TENCENTCLOUD_SECRETID']").return_value == "AKIDnumber1"


def test_made_up_credentials(deploy, platform):
    """A function without a role has no credentials, even if it made some up."""
    deploy(EVALUATE, role="")
    platform.invoke("demo", {"code": "os.environ.update(TENCENTCLOUD_SECRETID='made up')"})
    assert platform.invoke("demo", {"code": "'TENCENTCLOUD_SECRETID' in os.environ"}).return_value is False


# Interpreters


def test_isolated_imports(deploy, platform):
    """An isolated function imports from its package and the standard library alone."""
    folder = str(deploy(ECHO, isolated=True).code_dir.resolve())
    first, *rest = platform.invoke("demo", {}).return_value["path"]
    assert first == folder
    assert not [entry for entry in rest if "site-packages" in entry or entry in {"", str(Path.cwd())}]


def test_shared_imports(deploy, platform):
    """A function that is not isolated imports what its interpreter has."""
    deploy(ECHO)
    assert [entry for entry in platform.invoke("demo", {}).return_value["path"] if "site-packages" in entry]


def test_emulator_is_not_importable(evaluate):
    """The emulator's own folder is not on the import path."""
    path = evaluate("sys.path").return_value
    assert not [entry for entry in path if entry.endswith("emulator/scf")]


@pytest.fixture(scope="session")
def another_python():
    """Find an interpreter of another version than this one's: PYTHON310, pyenv's, or one on the PATH."""
    named = [os.environ.get("PYTHON310"), *Path.home().glob(".pyenv/versions/3.1*/bin/python3")]
    named += [shutil.which(f"python3.{minor}") for minor in (10, 11, 12, 13)]
    for path in filter(None, named):
        command = [path, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        detail = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        if detail not in {"", f"3.{sys.version_info.minor}"}:
            return Path(path), detail
    pytest.skip("there is only one Python on this machine")


def test_another_interpreter(deploy, platform, another_python):
    """Another interpreter than the host's runs the function."""
    python, version = another_python
    deploy(EVALUATE, python=python, isolated=True)
    assert platform.invoke("demo", {"code": "'%d.%d' % sys.version_info[:2]"}).return_value == version


# Where it may write


@pytest.mark.parametrize(
    "attempt",
    [
        "open(os.environ['USER_CODE_ROOT'] + 'new', 'w')",
        "open(os.environ['USER_CODE_ROOT'] + 'handler.py', 'a')",
        "os.open('handler.py', os.O_RDWR)",
        "os.mkdir('new')",
        "os.remove('handler.py')",
        "os.rename('handler.py', 'other.py')",
        "os.symlink('/tmp', 'link')",
        "os.chmod('handler.py', 0o777)",
        "os.utime('handler.py')",
        "os.truncate('handler.py', 0)",
        "open('/var/new', 'w')",
        "pathlib.Path('/new').mkdir()",
    ],
)
def test_read_only_disk(deploy, platform, attempt):
    """Nothing can be written outside tmp."""
    folder = deploy(EVALUATE).code_dir
    before = {path: path.read_bytes() for path in folder.iterdir()}
    result = platform.invoke("demo", {"code": attempt})
    assert result.status_code == 430
    assert "[Errno 30] Read-only file system" in result.error["stackTrace"]
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_read_only_for_children(has_room, evaluate):
    """A child process cannot write outside tmp either."""
    touched = evaluate(
        "subprocess.run(['touch', 'new', '/tmp/new'], capture_output=True, text=True).stderr"
    ).return_value
    assert "Read-only file system" in touched
    assert "/tmp/new" not in touched


def test_warm_tmp(evaluate):
    """Tmp can be written and is kept while the instance is warm."""
    assert evaluate("pathlib.Path(tempfile.gettempdir(), 'kept').write_text('kept')").status_code == 200
    assert evaluate("pathlib.Path(tempfile.gettempdir(), 'kept').read_text()").return_value == "kept"


def test_tmp_can_be_emptied(evaluate):
    """Files under the temporary folder can be removed again."""
    assert evaluate("shutil.rmtree(tempfile.mkdtemp())").status_code == 200


def test_own_tmp(evaluate, platform):
    """Each instance has a tmp of its own."""
    evaluate("pathlib.Path(tempfile.gettempdir(), 'mine').write_text('')")
    platform.evict_instances("demo")
    assert evaluate("pathlib.Path(tempfile.gettempdir(), 'mine').exists()").return_value is False


def test_host_tmp_is_hidden(has_room, evaluate, tmp_path):
    """The host's /tmp cannot be seen from inside."""
    (tmp_path / "hosts").write_text("")
    assert evaluate(f"os.path.exists({str(tmp_path / 'hosts')!r})").return_value is False


def test_full_tmp(has_room, evaluate):
    """/tmp is full at 512 MB."""
    assert evaluate("shutil.disk_usage('/tmp').total").return_value == 512 * MIB


def test_devices(evaluate):
    """Devices can be written."""
    assert evaluate("open('/dev/null', 'w').write('x')").return_value == 1


def test_no_bytecode_in_tmp(evaluate):
    """Not even under tmp is bytecode written."""
    assert evaluate("sys.dont_write_bytecode").return_value is True


def test_no_bytecode_in_package(deploy, platform, package):
    """Importing a module of the package leaves no bytecode behind."""
    folder = package("import part\ndef main_handler(event, context):\n    return part.VALUE\n", part="VALUE = 7\n")
    deploy(ECHO)
    platform.update(Function("demo", folder))
    assert platform.invoke("demo", {}).return_value == 7
    assert sorted(path.name for path in folder.iterdir()) == ["handler.py", "part.py"]


def test_open_files(evaluate):
    """1024 files can be open, and no more."""
    assert evaluate("resource.getrlimit(resource.RLIMIT_NOFILE)[1] <= 1024").return_value is True


# How a run fails


def test_exception(deploy, platform):
    """An exception gives SCF's own error and keeps the instance."""
    folder = deploy(
        """
        import os
        def main_handler(event, context):
            if event.get("fail"):
                raise KeyError("nothing there")
            return os.getpid()
        """
    ).code_dir
    before = platform.invoke("demo", {}).return_value
    failed = platform.invoke("demo", {"fail": True})
    stack = failed.error["stackTrace"]
    assert failed.error == {
        "errorCode": -1,
        "errorMessage": "user code exception caught",
        "stackTrace": stack,
        "statusCode": 430,
    }
    assert stack.startswith("Traceback (most recent call last):\n")
    assert stack.endswith("KeyError: 'nothing there'\n")
    assert str(folder) in stack
    assert "bootstrap" not in stack
    assert failed.return_value is None
    assert platform.invoke("demo", {}).return_value == before


@pytest.mark.parametrize("returned", ["{1}", "object()", "b'x'", "float('nan')", "{(1, 2): 3}"])
def test_return_value_not_json(evaluate, returned):
    """A return value that is not json is an error."""
    assert evaluate(returned).status_code == 430


@pytest.mark.parametrize("returned", ["None", "[1, 'a', {'b': None}]", "'影片'", "1.5"])
def test_return_value(evaluate, returned):
    """A return value that is json comes back."""
    assert evaluate(returned).return_value == eval(returned)


def test_largest_return_value(evaluate):
    """A return value of 6 MiB comes back, and a larger one is an error."""
    assert evaluate("'x' * (6 * 1024 * 1024 - 2)").status_code == 200
    too_large = evaluate("'x' * (6 * 1024 * 1024 - 1)")
    assert (too_large.status_code, too_large.return_value) == (407, None)


def test_timeout(deploy, platform):
    """A run over its timeout is killed with all that it started."""
    folder = deploy(
        """
        import os, subprocess, sys, threading
        def main_handler(event, context):
            if event.get("quick"):
                return "alive"
            with open(os.environ["USER_CODE_ROOT"] + "held", "w") as kept_open:
                subprocess.Popen(
                    [sys.executable, "-c", "import time; time.sleep(600)"], stdout=kept_open, start_new_session=True
                )
            print("waiting")
            threading.Event().wait()
        """,
        timeout_s=1,
    ).code_dir
    os.mkfifo(folder / "held")
    kept_open = os.open(folder / "held", os.O_RDONLY | os.O_NONBLOCK)
    late = platform.invoke("demo", {})
    assert (late.status_code, late.log) == (433, ("waiting",))
    assert late.error["errorMessage"] == "TimeLimitReached"
    # At its end, which is readable, once no process has the pipe open any more.
    assert select.select([kept_open], [], [], 10)[0]
    assert os.read(kept_open, 1) == b""
    os.close(kept_open)
    assert platform.invoke("demo", {"quick": True}).return_value == "alive"


@pytest.mark.parametrize(
    "greedy",
    [
        "bytearray(200 * 1024 * 1024) and None",
        "[bytearray(2 * 1024 * 1024) for _ in range(10_000)] and None",
        IN_A_CHILD,
    ],
    ids=["a spike that is gone at the end", "without end", "in a child process"],
)
def test_memory_limit(deploy, platform, greedy):
    """A run over its memory is killed."""
    deploy(EVALUATE, memory_mb=128)
    first = platform.invoke("demo", {"code": "os.getpid()"}).return_value
    over = platform.invoke("demo", {"code": greedy})
    assert over.status_code == 434
    assert over.error["errorMessage"] == "MemoryLimitReached"
    assert over.memory_peak_bytes > 128 * MIB
    assert not psutil.pid_exists(first)
    assert platform.invoke("demo", {"code": "'alive'"}).return_value == "alive"


def test_memory_limit_before_timeout(deploy, platform):
    """A run over its memory is killed at once, and not at its timeout."""
    deploy(
        """
        import threading
        def main_handler(event, context):
            kept_open = b"x" * (200 * 1024 * 1024)
            threading.Event().wait()
        """,
        memory_mb=128,
        timeout_s=20,
    )
    over = platform.invoke("demo", {})
    assert over.status_code == 434
    assert over.duration_ms < 20_000


def test_memory_of_the_call(has_room, evaluate):
    """The memory mark is of the call and not of the one before."""
    high = evaluate("len(bytearray(100 * 1024 * 1024))").memory_peak_bytes
    low = evaluate("1").memory_peak_bytes
    assert high > 100 * MIB > low > 5 * MIB


@pytest.mark.parametrize(
    ("ending", "detail"),
    [
        ("sys.exit(3)", "exit code 3"),
        ("os._exit(4)", "exit code 4"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "signal 11"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
    ],
)
def test_process_exits(evaluate, ending, detail):
    """A process that ends by itself is an error and the next call has a new one."""
    ended = evaluate(ending)
    assert ended.status_code == 439
    assert detail in ended.error["errorMessage"]
    assert evaluate("'alive'").return_value == "alive"


def test_exit_between_calls(deploy, platform):
    """A process that ends between calls is replaced unnoticed."""
    deploy(ECHO)
    process = psutil.Process(platform.invoke("demo", {}).return_value["pid"])
    process.kill()
    process.wait()
    assert platform.invoke("demo", {}).status_code == 200


# How a start fails


@pytest.mark.parametrize(
    ("source", "choices", "code", "detail"),
    [
        ("import nowhere", {}, 430, "ModuleNotFoundError: No module named 'nowhere'"),
        ("def broken(:", {}, 430, "SyntaxError"),
        ("x = 1", {}, 437, "handler.py has no function main_handler"),
        ("main_handler = 1", {}, 437, "handler.py has no function main_handler"),
        (ECHO, {"handler": "index.main_handler"}, 437, "there is no index.py"),
        (ECHO, {"handler": "json.dumps"}, 437, "there is no json.py"),
        ("import sys; sys.exit(5)", {}, 439, "exit code 5"),
        ("import threading; threading.Event().wait()", {"init_timeout_s": 3}, 450, "InitContainerTimeout"),
        ("x = bytearray(200 * 1024 * 1024)\n" + ECHO, {"memory_mb": 128}, 434, "MemoryLimitReached"),
    ],
    ids=[
        "import error",
        "syntax error",
        "no handler",
        "handler is no function",
        "no file",
        "file of the standard library",
        "exit",
        "too slow",
        "too large",
    ],
)
def test_handler_cannot_be_loaded(deploy, platform, source, choices, code, detail):
    """A handler that cannot be loaded is an error that says why."""
    deploy(source, **choices)
    result = platform.invoke("demo", {})
    assert result.status_code == code
    assert detail in result.error["stackTrace"] + result.error["errorMessage"]


def test_failed_start(deploy, platform):
    """A failed start is tried anew at the next call."""
    folder = deploy("import nowhere").code_dir
    assert platform.invoke("demo", {}).status_code == 430
    (folder / "handler.py").write_text("def main_handler(event, context):\n    return 'corrected'\n")
    assert platform.invoke("demo", {}).return_value == "corrected"


# What is refused before anything runs


@pytest.mark.parametrize(
    ("name", "event", "code"),
    [
        ("nobody", {}, 435),
        ("demo", {"a": "x" * (6 * MIB)}, 406),
        ("demo", {"a": {1, 2}}, 400),
        ("demo", {"a": float("nan")}, 400),
    ],
    ids=["no such function", "over 6 MB", "not json", "not a number"],
)
def test_refused_calls(deploy, platform, name, event, code):
    """A call of no function, or with an event that is not JSON or too large, is refused."""
    deploy(ECHO)
    with pytest.raises(InvocationRefused) as refusal:
        platform.invoke(name, event)
    assert refusal.value.status == code
    assert platform.log == ()


def test_largest_sync_event(deploy, platform):
    """An event of 6 MB is taken."""
    deploy("def main_handler(event, context):\n    return len(event['a'])\n")
    size = 6 * MIB - len('{"a":""}')
    assert platform.invoke("demo", {"a": "x" * size}).return_value == size


# Side by side


def test_second_instance(deploy, platform):
    """An instance takes one call at a time; a second call has a second instance."""
    folder = gated(deploy)
    with busy(platform, folder) as results:
        meanwhile = platform.invoke("demo", {}).return_value
    assert results[0].return_value != meanwhile


def test_over_quota(deploy, platform):
    """Beyond the function's quota a call is answered 432 at once."""
    folder = gated(deploy, max_instances=1)
    with busy(platform, folder) as results:
        assert platform.invoke("demo", {}).status_code == 432
    assert results[0].status_code == 200
    assert platform.invoke("demo", {}).status_code == 200


def test_region_quota(make_platform, package):
    """Without a quota of its own a function has the region's."""
    platform = make_platform(region="ap-nanjing")
    platform.create(Function("demo", package(ECHO), memory_mb=3072))
    _, pool = platform._registry.find("demo")
    assert [pool.reserve() for _ in range(21)] == [True] * 20 + [False]  # 64,000 MB / 3,072 MB


# What it prints


def test_output_order(deploy, platform):
    """Output comes back in order, whichever stream it went to."""
    deploy(
        """
        import os, sys
        def main_handler(event, context):
            print("one")
            print("two", file=sys.stderr)
            os.write(1, "three 影片\\n".encode())
            print("four", end="")
        """
    )
    assert platform.invoke("demo", {}).log == ("one", "two", "three 影片", "four")


def test_output_before_a_kill(deploy, platform):
    """Output printed before a run was killed is kept."""
    deploy("import os\ndef main_handler(event, context):\n    print('last words')\n    os._exit(1)\n")
    assert platform.invoke("demo", {}).log == ("last words",)


def test_endless_output(deploy, platform):
    """Output without end is cut and says so."""
    deploy("def main_handler(event, context):\n    for _ in range(3000): print('x' * 1023)\n")
    result = platform.invoke("demo", {})
    assert result.status_code == 200
    assert len(result.log) < 1030
    assert "cut at 1048576 bytes" in result.log[-1]


def test_root_logger_at_debug(deploy, platform):
    """A root logger at DEBUG writes to stdout before the handler is imported, whatever the handler asks for."""
    deploy(
        """
        import logging
        logging.basicConfig(format="%(message)s", level=logging.ERROR)
        def main_handler(event, context):
            logging.getLogger().warning('{"a": 1}')
            logging.getLogger("urllib3.connectionpool").debug("a library's line")
        """
    )
    lines = platform.invoke("demo", {}).log
    assert [line.split(" ", 2)[2] for line in lines] == ['WARNING {"a": 1}', "DEBUG a library's line"]


CHANGING = """
import os
def main_handler(event, context):
    before = {name: os.environ.get(name) for name in ("A", "B", "PATH", "SCF_NAMESPACE")}
    os.environ.update(A="changed", B="made up")
    del os.environ["PATH"]
    return before
"""


def test_environment_is_set_anew(deploy, platform):
    """Each call of a warm process sees the configured variables, whatever a call before did to them."""
    deploy(CHANGING, environment={"A": "configured"})
    first, second = (platform.invoke("demo", {}).return_value for _ in range(2))
    assert first == second
    assert (first["A"], first["B"], first["SCF_NAMESPACE"]) == ("configured", None, "default")
    assert first["PATH"]


@pytest.mark.parametrize(
    "value", ["a=b", "a;b", "a;b=c", "=", ";"], ids=["equals", "semicolon", "both", "only =", "only ;"]
)
def test_value_that_cannot_get_through(deploy, platform, value):
    """A value that holds `;` or `=` fails each call, names the variable and does not show the value."""
    deploy("def main_handler(event, context): return 1\n", environment={"GOOD": "x", "BROKEN": value})
    for _ in range(2):
        result = platform.invoke("demo", {})
        assert result.status_code == 430
        assert "environment variable BROKEN: the value holds ';' or '='" in result.error["stackTrace"]
        assert "hidden" not in result.error["stackTrace"]
        assert "GOOD" not in result.error["stackTrace"]


# The stand-in for mounts


@pytest.mark.parametrize(
    ("attempt", "refused"),
    [
        ("open('{code}/new', 'w')", True),
        ("open('{code}/handler.py')", False),
        ("open('{code}/handler.py', 'r+')", True),
        ("open(b'{code}/new', 'x')", True),
        ("os.open('{code}/new', os.O_CREAT)", True),
        ("os.mkdir('{code}/new')", True),
        ("os.rmdir('{code}')", True),
        ("os.remove('{code}/handler.py')", True),
        ("os.rename('{temp}/a', '{code}/b')", True),
        ("os.replace('{temp}/a', '{temp}/b')", False),
        ("os.link('{temp}/a', '{code}/b')", True),
        ("os.symlink('{temp}/a', '{code}/b')", True),
        ("os.truncate('{code}/handler.py', 0)", True),
        ("os.chmod('{code}/handler.py', 0)", True),
        ("os.chown('{code}/handler.py', -1, -1)", True),
        ("os.utime('{code}/handler.py')", True),
        ("__import__('sqlite3').connect('{code}/a.db')", True),
        ("open('{temp}/new', 'w')", False),
        ("open('{temp}/out', 'w')", True),
        ("os.remove('{temp}/out')", False),
        ("open('/dev/null', 'w')", False),
        ("__import__('shutil').rmtree('{temp}/folder')", False),
        ("os.remove('a', dir_fd=os.open('{temp}', os.O_RDONLY))", False),
        ("os.remove('handler.py', dir_fd=os.open('{code}', os.O_RDONLY))", True),
    ],
)
def test_audit_hook(tmp_path, attempt, refused):
    """The audit hook lets nothing be written but in the folders that are allowed."""
    code, temp = tmp_path / "code", tmp_path / "temp"
    code.mkdir()
    (code / "handler.py").write_text("")
    (temp / "folder" / "deep").mkdir(parents=True)
    (temp / "a").write_text("")
    (temp / "out").symlink_to(code / "new")
    audit_hook = Path(__file__).resolve().parents[3] / "emulator" / "scf" / "sandbox" / "audit_hook.py"
    program = f"""
import importlib.util, os
spec = importlib.util.spec_from_file_location("audit_hook", {str(audit_hook)!r})
audit_hook = importlib.util.module_from_spec(spec)
spec.loader.exec_module(audit_hook)
audit_hook.deny_writes(allowed=[{str(temp)!r}], denied={str(code)!r})
try:
    {attempt.format(code=code, temp=temp)}
    print("done")
except OSError as error:
    print(error.errno)
"""
    printed = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == ("30" if refused else "done")
