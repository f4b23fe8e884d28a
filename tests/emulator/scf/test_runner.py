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


def test_the_function_runs_in_a_process_of_its_own(deploy, platform):
    deploy(ECHO)
    assert platform.invoke("demo", {}).return_value["pid"] != os.getpid()


def test_the_handler_is_imported_once_and_stays_warm(deploy, platform):
    deploy(COUNTER)
    first, second = platform.invoke("demo", {}), platform.invoke("demo", {})
    assert first.return_value == [1, second.return_value[1]]
    assert second.return_value[0] == 2
    assert (first.log, second.log) == (("imported",), ())
    assert first.init_ms > 0
    assert second.init_ms == 0


def test_the_event_arrives_as_it_was_sent(deploy, platform):
    deploy(ECHO)
    event = {"text": 'a "b" \\ 影片 \u2028', "deep": [{"null": None, "true": True, "number": 1.5}], "empty": {}}
    assert platform.invoke("demo", event).return_value["event"] == event


def test_the_context_is_the_documented_one(deploy, platform):
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


def test_the_environment_is_the_documented_one_and_nothing_of_the_hosts(deploy, platform, monkeypatch):
    monkeypatch.setenv("HOST_SECRET", "hush")
    monkeypatch.setenv("PYTHONSTARTUP", "hush")
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        monkeypatch.delenv(name, raising=False)
    code_dir = deploy(ECHO, environment={"SNAPSHOT_TIMES": "1,25%"}).code_dir.resolve()
    given = platform.invoke("demo", {}).return_value["env"]
    given.pop("TMPDIR", None)  # only where there can be no /tmp of its own
    assert given == {
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


def test_a_warm_function_sees_new_keys_at_its_next_call_once_the_old_ones_near_their_end(deploy, platform, issuer):
    issuer.lifetime_s = 100
    deploy(ECHO)
    first, second = (platform.invoke("demo", {}).return_value for _ in range(2))
    assert first["pid"] == second["pid"]
    for name in ("SECRETID", "SECRETKEY", "SESSIONTOKEN"):
        assert first["env"][f"TENCENTCLOUD_{name}"] != second["env"][f"TENCENTCLOUD_{name}"]


def test_keys_that_still_last_are_not_asked_for_again(deploy, platform, issuer):
    deploy(ECHO, role="snapshot-role")
    for _ in range(3):
        platform.invoke("demo", {})
    assert issuer.asked == [("snapshot-role", 21600)]


def test_without_a_run_role_there_are_no_keys(deploy, platform, issuer):
    deploy(ECHO, role="")
    assert not [name for name in platform.invoke("demo", {}).return_value["env"] if "SECRET" in name]
    assert issuer.asked == []


def test_keys_are_set_anew_at_each_call_of_a_warm_process(evaluate):
    evaluate("os.environ.update(TENCENTCLOUD_SECRETID='stale')")
    assert evaluate("os.environ['TENCENTCLOUD_SECRETID']").return_value == "AKIDnumber1"


def test_a_function_without_a_role_has_no_keys_even_if_it_made_some_up(deploy, platform):
    deploy(EVALUATE, role="")
    platform.invoke("demo", {"code": "os.environ.update(TENCENTCLOUD_SECRETID='made up')"})
    assert platform.invoke("demo", {"code": "'TENCENTCLOUD_SECRETID' in os.environ"}).return_value is False


# Interpreters


def test_an_isolated_function_imports_from_its_package_and_the_standard_library_alone(deploy, platform):
    folder = str(deploy(ECHO, isolated=True).code_dir.resolve())
    first, *rest = platform.invoke("demo", {}).return_value["path"]
    assert first == folder
    assert not [entry for entry in rest if "site-packages" in entry or entry in {"", str(Path.cwd())}]


def test_a_function_that_is_not_isolated_imports_what_its_interpreter_has(deploy, platform):
    deploy(ECHO)
    assert [entry for entry in platform.invoke("demo", {}).return_value["path"] if "site-packages" in entry]


def test_the_emulators_own_folder_is_not_on_the_import_path(evaluate):
    path = evaluate("sys.path").return_value
    assert not [entry for entry in path if entry.endswith("emulator/scf")]


@pytest.fixture(scope="session")
def another_python():
    """Find an interpreter of another version than this one's: PYTHON310, pyenv's, or one on the PATH."""
    named = [os.environ.get("PYTHON310"), *Path.home().glob(".pyenv/versions/3.1*/bin/python3")]
    named += [shutil.which(f"python3.{minor}") for minor in (10, 11, 12, 13)]
    for path in filter(None, named):
        tell = [path, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        told = subprocess.run(tell, capture_output=True, text=True, check=False).stdout.strip()
        if told not in {"", f"3.{sys.version_info.minor}"}:
            return Path(path), told
    pytest.skip("there is only one Python on this machine")


def test_another_interpreter_than_the_hosts_runs_the_function(deploy, platform, another_python):
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
def test_nothing_can_be_written_outside_tmp(deploy, platform, attempt):
    folder = deploy(EVALUATE).code_dir
    before = {path: path.read_bytes() for path in folder.iterdir()}
    result = platform.invoke("demo", {"code": attempt})
    assert result.status_code == 430
    assert "[Errno 30] Read-only file system" in result.error["stackTrace"]
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_child_process_cannot_write_outside_tmp_either(has_room, evaluate):
    touched = evaluate(
        "subprocess.run(['touch', 'new', '/tmp/new'], capture_output=True, text=True).stderr"
    ).return_value
    assert "Read-only file system" in touched
    assert "/tmp/new" not in touched


def test_tmp_can_be_written_and_is_kept_while_the_instance_is_warm(evaluate):
    assert evaluate("pathlib.Path(tempfile.gettempdir(), 'kept').write_text('kept')").status_code == 200
    assert evaluate("pathlib.Path(tempfile.gettempdir(), 'kept').read_text()").return_value == "kept"


def test_what_is_under_the_temporary_folder_can_be_removed_again(evaluate):
    assert evaluate("shutil.rmtree(tempfile.mkdtemp())").status_code == 200


def test_each_instance_has_a_tmp_of_its_own(evaluate, platform):
    evaluate("pathlib.Path(tempfile.gettempdir(), 'mine').write_text('')")
    platform.cool("demo")
    assert evaluate("pathlib.Path(tempfile.gettempdir(), 'mine').exists()").return_value is False


def test_the_hosts_tmp_cannot_be_seen_from_inside(has_room, evaluate, tmp_path):
    (tmp_path / "hosts").write_text("")
    assert evaluate(f"os.path.exists({str(tmp_path / 'hosts')!r})").return_value is False


def test_tmp_is_full_at_512_mb(has_room, evaluate):
    assert evaluate("shutil.disk_usage('/tmp').total").return_value == 512 * MIB


def test_devices_can_be_written(evaluate):
    assert evaluate("open('/dev/null', 'w').write('x')").return_value == 1


def test_not_even_under_tmp_is_bytecode_written(evaluate):
    assert evaluate("sys.dont_write_bytecode").return_value is True


def test_importing_a_module_of_the_package_leaves_no_bytecode_behind(deploy, platform, package):
    folder = package("import part\ndef main_handler(event, context):\n    return part.VALUE\n", part="VALUE = 7\n")
    deploy(ECHO)
    platform.update(Function("demo", folder))
    assert platform.invoke("demo", {}).return_value == 7
    assert sorted(path.name for path in folder.iterdir()) == ["handler.py", "part.py"]


def test_1024_files_can_be_open_and_no_more(evaluate):
    assert evaluate("resource.getrlimit(resource.RLIMIT_NOFILE)[1] <= 1024").return_value is True


# How a run fails


def test_an_exception_gives_scfs_own_error_and_keeps_the_instance(deploy, platform):
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
def test_a_return_value_that_is_not_json_is_an_error(evaluate, returned):
    assert evaluate(returned).status_code == 430


@pytest.mark.parametrize("returned", ["None", "[1, 'a', {'b': None}]", "'影片'", "1.5"])
def test_a_return_value_that_is_json_comes_back(evaluate, returned):
    assert evaluate(returned).return_value == eval(returned)


def test_a_return_value_of_6_mb_comes_back_and_a_larger_one_is_an_error(evaluate):
    assert evaluate("'x' * (6 * 1024 * 1024 - 2)").status_code == 200
    too_large = evaluate("'x' * (6 * 1024 * 1024 - 1)")
    assert (too_large.status_code, too_large.return_value) == (407, None)


def test_a_run_over_its_timeout_is_killed_with_all_that_it_started(deploy, platform):
    folder = deploy(
        """
        import os, subprocess, sys, threading
        def main_handler(event, context):
            if event.get("quick"):
                return "alive"
            with open(os.environ["USER_CODE_ROOT"] + "held", "w") as held:
                subprocess.Popen(
                    [sys.executable, "-c", "import time; time.sleep(600)"], stdout=held, start_new_session=True
                )
            print("waiting")
            threading.Event().wait()
        """,
        timeout_s=1,
    ).code_dir
    os.mkfifo(folder / "held")
    held = os.open(folder / "held", os.O_RDONLY | os.O_NONBLOCK)
    late = platform.invoke("demo", {})
    assert (late.status_code, late.log) == (433, ("waiting",))
    assert late.error["errorMessage"] == "TimeLimitReached"
    # At its end, which is readable, once no process has the pipe open any more.
    assert select.select([held], [], [], 10)[0]
    assert os.read(held, 1) == b""
    os.close(held)
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
def test_a_run_over_its_memory_is_killed(deploy, platform, greedy):
    deploy(EVALUATE, memory_mb=128)
    first = platform.invoke("demo", {"code": "os.getpid()"}).return_value
    over = platform.invoke("demo", {"code": greedy})
    assert over.status_code == 434
    assert over.error["errorMessage"] == "MemoryLimitReached"
    assert over.memory_peak_bytes > 128 * MIB
    assert not psutil.pid_exists(first)
    assert platform.invoke("demo", {"code": "'alive'"}).return_value == "alive"


def test_a_run_over_its_memory_is_killed_then_and_not_at_its_timeout(deploy, platform):
    deploy(
        """
        import threading
        def main_handler(event, context):
            held = b"x" * (200 * 1024 * 1024)
            threading.Event().wait()
        """,
        memory_mb=128,
        timeout_s=20,
    )
    over = platform.invoke("demo", {})
    assert over.status_code == 434
    assert over.duration_ms < 20_000


def test_the_memory_mark_is_of_the_call_and_not_of_the_one_before(has_room, evaluate):
    high = evaluate("len(bytearray(100 * 1024 * 1024))").memory_peak_bytes
    low = evaluate("1").memory_peak_bytes
    assert high > 100 * MIB > low > 5 * MIB


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ("sys.exit(3)", "exit code 3"),
        ("os._exit(4)", "exit code 4"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "signal 11"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
    ],
)
def test_a_process_that_ends_by_itself_is_an_error_and_the_next_call_has_a_new_one(evaluate, ending, told):
    ended = evaluate(ending)
    assert ended.status_code == 439
    assert told in ended.error["errorMessage"]
    assert evaluate("'alive'").return_value == "alive"


def test_a_process_that_ends_between_calls_is_replaced_unnoticed(deploy, platform):
    deploy(ECHO)
    process = psutil.Process(platform.invoke("demo", {}).return_value["pid"])
    process.kill()
    process.wait()
    assert platform.invoke("demo", {}).status_code == 200


# How a start fails


@pytest.mark.parametrize(
    ("source", "choices", "code", "told"),
    [
        ("import nowhere", {}, 430, "ModuleNotFoundError: No module named 'nowhere'"),
        ("def broken(:", {}, 430, "SyntaxError"),
        ("x = 1", {}, 437, "handler.py has no function main_handler"),
        ("main_handler = 1", {}, 437, "handler.py has no function main_handler"),
        (ECHO, {"handler": "index.main_handler"}, 437, "there is no index.py"),
        (ECHO, {"handler": "json.dumps"}, 437, "there is no json.py"),
        ("import sys; sys.exit(5)", {}, 439, "exit code 5"),
        ("import threading; threading.Event().wait()", {"init_timeout_s": 1}, 450, "InitContainerTimeout"),
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
def test_a_handler_that_cannot_be_loaded_is_an_error_that_says_why(deploy, platform, source, choices, code, told):
    deploy(source, **choices)
    result = platform.invoke("demo", {})
    assert result.status_code == code
    assert told in result.error["stackTrace"] + result.error["errorMessage"]


def test_a_failed_start_is_tried_anew_at_the_next_call(deploy, platform):
    folder = deploy("import nowhere").code_dir
    assert platform.invoke("demo", {}).status_code == 430
    (folder / "handler.py").write_text("def main_handler(event, context):\n    return 'mended'\n")
    assert platform.invoke("demo", {}).return_value == "mended"


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
def test_a_call_that_cannot_be_is_refused(deploy, platform, name, event, code):
    deploy(ECHO)
    with pytest.raises(InvocationRefused) as refusal:
        platform.invoke(name, event)
    assert refusal.value.status == code
    assert platform.log == ()


def test_an_event_of_6_mb_is_taken(deploy, platform):
    deploy("def main_handler(event, context):\n    return len(event['a'])\n")
    size = 6 * MIB - len('{"a":""}')
    assert platform.invoke("demo", {"a": "x" * size}).return_value == size


# Side by side


def test_one_call_at_a_time_an_instance_and_a_second_instance_for_a_second_call(deploy, platform):
    folder = gated(deploy)
    with busy(platform, folder) as results:
        meanwhile = platform.invoke("demo", {}).return_value
    assert results[0].return_value != meanwhile


def test_beyond_the_functions_quota_a_call_is_answered_432_at_once(deploy, platform):
    folder = gated(deploy, max_instances=1)
    with busy(platform, folder) as results:
        assert platform.invoke("demo", {}).status_code == 432
    assert results[0].status_code == 200
    assert platform.invoke("demo", {}).status_code == 200


def test_without_a_quota_of_its_own_a_function_has_the_regions(make_platform, package):
    platform = make_platform(region="ap-nanjing")
    platform.create(Function("demo", package(ECHO), memory_mb=3072))
    _, pool = platform._registry.find("demo")
    assert [pool.reserve() for _ in range(21)] == [True] * 20 + [False]  # 64,000 MB / 3,072 MB


# What it prints


def test_what_is_printed_comes_back_in_order_whichever_stream_it_went_to(deploy, platform):
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


def test_what_was_printed_before_a_run_was_killed_is_kept(deploy, platform):
    deploy("import os\ndef main_handler(event, context):\n    print('last words')\n    os._exit(1)\n")
    assert platform.invoke("demo", {}).log == ("last words",)


def test_output_without_end_is_cut_and_says_so(deploy, platform):
    deploy("def main_handler(event, context):\n    for _ in range(3000): print('x' * 1023)\n")
    result = platform.invoke("demo", {})
    assert result.status_code == 200
    assert len(result.log) < 1030
    assert "cut at 1048576 bytes" in result.log[-1]


def test_the_root_logger_has_a_handler_whose_lines_are_not_bare(deploy, platform):
    deploy(
        """
        import logging
        logging.basicConfig(format="%(message)s", level=logging.DEBUG)
        def main_handler(event, context):
            logging.getLogger().warning('{"a": 1}')
            logging.getLogger().info("not shown")
        """
    )
    (line,) = platform.invoke("demo", {}).log
    assert line.endswith(' WARNING {"a": 1}')


# The stand-in for a room


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
def test_the_walls_let_nothing_be_written_but_in_the_folders_named(tmp_path, attempt, refused):
    code, temp = tmp_path / "code", tmp_path / "temp"
    code.mkdir()
    (code / "handler.py").write_text("")
    (temp / "folder" / "deep").mkdir(parents=True)
    (temp / "a").write_text("")
    (temp / "out").symlink_to(code / "new")
    walls = Path(__file__).resolve().parents[3] / "emulator" / "scf" / "walls.py"
    program = f"""
import importlib.util, os
spec = importlib.util.spec_from_file_location("walls", {str(walls)!r})
walls = importlib.util.module_from_spec(spec)
spec.loader.exec_module(walls)
walls.build([{str(temp)!r}], {str(code)!r})
try:
    {attempt.format(code=code, temp=temp)}
    print("done")
except OSError as error:
    print(error.errno)
"""
    said = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.strip() == ("30" if refused else "done")
