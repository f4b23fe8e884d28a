"""The zip: its bytes, what is in it, and what is said when it cannot be built."""

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ops.bytecode import compile_sources
from ops.errors import PackageError
from ops.package import ROOT, _gather, build_package, report, runtime_version, unpack
from ops.wheels import Pin, Wheel, read_pins

OWN = re.compile(r"handler\.py|snapshot/(\w+/)*\w+\.py")
DEPENDENCIES = {
    "annotated_types", "certifi", "charset_normalizer", "crcmod", "idna", "PIL", "pillow.libs", "pydantic",
    "pydantic_core", "qcloud_cos", "requests", "six.py", "typing_extensions.py", "typing_inspection", "urllib3",
    "xmltodict.py",
}  # fmt: skip


def _names(package):
    with zipfile.ZipFile(package.path) as archive:
        return archive.namelist()


def _run(*words, folder):
    return subprocess.run(
        [sys.executable, "-m", "ops", *words], cwd=folder, capture_output=True, text=True, check=False
    )


def _copy_of_the_project(folder):
    shutil.copytree(ROOT / "snapshot", folder / "snapshot", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("handler.py", "serverless.yml", "requirements.txt"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def test_the_command_in_another_folder_and_at_another_time_gives_the_same_bytes(package, wheels, tmp_path):
    elsewhere = _copy_of_the_project(tmp_path / "else" / "where")
    shutil.copytree(ROOT / "ops", elsewhere / "ops", ignore=shutil.ignore_patterns("__pycache__"))
    (elsewhere / "snapshot" / "notes.txt").write_text("left lying about")
    (elsewhere / "snapshot" / ".editor.py").write_text("left lying about")
    out = tmp_path / "again.zip"
    done = _run("package", "--out", out, "--cache", wheels, "--unpack", folder=elsewhere)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == package.path.read_bytes()
    assert f"sha256 {package.sha256}" in done.stdout
    assert (tmp_path / "again" / "snapshot" / "settings.py").is_file()


def test_without_the_runtimes_python_it_is_built_without_bytecode_and_says_what_that_costs(wheels, tmp_path):
    project = _copy_of_the_project(tmp_path / "project")
    handler = project / "handler.py"
    handler.write_text(handler.read_text() + "\nCHANGED = True\n")
    nowhere = {"PYTHON310": "", "PATH": "", "HOME": str(tmp_path)}
    plain = build_package(project, tmp_path / "plain.zip", cache=wheels, environment=nowhere)
    assert plain.interpreter is None
    assert not any(name.endswith(".pyc") for name in _names(plain))
    assert "each cold start compiles every import" in report(plain)
    assert "PYTHON310" in report(plain)
    with zipfile.ZipFile(plain.path) as archive:
        assert archive.read("handler.py").endswith(b"CHANGED = True\n")


def test_it_holds_the_function_its_dependencies_and_nothing_else(package):
    for name in _names(package):
        top, _, rest = name.partition("/")
        if top.endswith(".dist-info"):
            assert rest == "METADATA" or "LICEN" in rest.upper() or "NOTICE" in rest, name
        elif name.endswith(".pyc"):
            source = importlib.util.source_from_cache(name.replace(".cpython-310", f".{sys.implementation.cache_tag}"))
            assert source in _names(package), name
        elif top in DEPENDENCIES:
            assert Path(name).suffix in {".py", ".so", ".pem"} or ".so." in name, name
        else:
            assert OWN.fullmatch(name), name


def test_every_module_of_the_function_is_in_it(package):
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "snapshot").rglob("*.py")} | {"handler.py"}
    assert wanted <= set(_names(package))
    assert len(wanted) > 5


def test_every_locked_release_but_those_left_out_brings_its_licence_and_metadata(package):
    names = _names(package)
    for pin in read_pins(ROOT / "requirements.txt"):
        if pin.name == "pycryptodome":
            continue
        distribution = f"{pin.name.replace('-', '_')}-{pin.version}.dist-info/"
        own = [name for name in names if name.lower().startswith(distribution)]
        assert any(name.endswith("METADATA") for name in own), distribution
        assert any("LICENSE" in name for name in own), distribution


def test_entries_are_sorted_and_carry_neither_a_date_nor_an_owner(package):
    with zipfile.ZipFile(package.path) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert {entry.extra for entry in entries} == {b""}


def test_it_is_under_twelve_megabytes(package):
    assert package.size_bytes < 12_000_000


def test_bytecode_is_unchecked_and_names_the_place_where_scf_puts_the_source(package, python310):
    with zipfile.ZipFile(package.path) as archive:
        compiled = {name: archive.read(name) for name in archive.namelist() if name.endswith(".pyc")}
        sources = [name for name in archive.namelist() if name.endswith(".py")]
    assert len(compiled) == len(sources)
    assert {content[4:8] for content in compiled.values()} == {b"\x01\0\0\0"}  # hash-based, not to be checked
    for path in (str(ROOT), str(Path.home()), "/tmp"):
        assert not any(path.encode() in content for name, content in compiled.items() if name.startswith("snapshot"))
    shown = subprocess.run(
        [python310.path, "-I", "-S", "-c", "import marshal,sys;print(marshal.load(sys.stdin.buffer).co_filename)"],
        input=compiled["__pycache__/handler.cpython-310.pyc"][16:], capture_output=True, check=True,
    )  # fmt: skip
    assert shown.stdout.decode().strip() == "/var/user/handler.py"


def test_the_report_names_every_part_the_size_and_the_hash(package):
    text = report(package)
    assert package.sha256 in text
    assert {name for name, _, _ in package.parts} >= {"this project", "pillow", "pydantic-core"}
    assert all(name in text for name, _, _ in package.parts)


def test_unpacking_replaces_an_earlier_layout_and_nothing_else(package, tmp_path):
    folder = tmp_path / "snapshot"
    unpack(package.path, folder)
    (folder / "stale.py").write_text("")
    unpack(package.path, folder)
    assert (folder / "handler.py").is_file()
    assert not (folder / "stale.py").exists()
    (tmp_path / "mine").mkdir()
    with pytest.raises(PackageError, match="in the way"):
        unpack(package.path, tmp_path / "mine")


def test_the_runtime_is_read_from_serverless_yml_alone(tmp_path):
    stack = tmp_path / "serverless.yml"
    stack.write_text("inputs:\n  # runtime: Python2.7\n  runtime: 'Python3.12'  # next\n")
    assert runtime_version(stack) == "3.12"
    stack.write_text("inputs:\n  runtime: Nodejs16.13\n")
    with pytest.raises(PackageError, match="names no Python runtime"):
        runtime_version(stack)


def test_a_folder_without_a_handler_is_named(wheels, tmp_path):
    project = _copy_of_the_project(tmp_path / "project")
    (project / "handler.py").unlink()
    with pytest.raises(PackageError, match=r"no handler\.py"):
        build_package(project, tmp_path / "x.zip", cache=wheels)
    assert not (tmp_path / "x.zip").exists()


def test_a_source_the_runtime_cannot_read_is_named(python310):
    with pytest.raises(PackageError, match="cannot compile the package"):
        compile_sources({"snapshot/future.py": b"def f[T](x: T) -> T: ...\n"}, python310)


def test_two_that_bring_the_same_file_are_named(tmp_path):
    project = _copy_of_the_project(tmp_path / "project")
    with zipfile.ZipFile(tmp_path / "rogue-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("handler.py", "")
    rogue = Wheel(Pin("rogue", "1", frozenset()), tmp_path / "rogue-1-py3-none-any.whl")
    with pytest.raises(PackageError, match=r"rogue and this project both bring handler\.py"):
        _gather(project, [rogue])


def test_the_command_turns_a_failure_into_what_happened_and_what_to_do(tmp_path):
    done = _run("package", "--out", tmp_path / "s.zip", "--python310", "/nowhere/python", folder=ROOT)
    assert done.returncode == 1
    assert done.stdout == ""
    what, remedy = done.stderr.splitlines()
    assert what == "/nowhere/python does not run as a CPython 3.10."
    assert "PYTHON310" in remedy


def test_a_place_that_cannot_be_written_is_named_and_not_traced(tmp_path, wheels):
    (tmp_path / "file").write_text("")
    done = _run("package", "--out", tmp_path / "file" / "s.zip", "--python310", "", folder=ROOT)
    assert done.returncode == 1
    what, remedy = done.stderr.splitlines()
    assert str(tmp_path / "file") in what
    assert "Look at that path" in remedy


def test_the_python_that_would_compile_is_said_alone(tmp_path, python310):
    done = _run("package", "--which", "--python310", python310.path, folder=ROOT)
    assert (done.returncode, done.stdout) == (0, f"{python310.path}\n")
    done = _run("package", "--which", "--python310", "", folder=ROOT)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("There is no Python 3.10 on this machine.")


def test_the_package_command_runs_on_a_python_without_any_package(tmp_path):
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import ops.__main__ as m; m.main(['package', '-h'])"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--python310" in done.stdout


def test_a_build_that_fails_leaves_the_old_package_whole(tmp_path):
    out = tmp_path / "snapshot.zip"
    out.write_bytes(b"old")
    project = tmp_path / "empty"
    project.mkdir()
    with pytest.raises(PackageError):
        build_package(project, out, cache=tmp_path / "cache")
    assert out.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["snapshot.zip"]
