"""The zip: its bytes, what is in it, and what is said when it cannot be built."""

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ops.errors import PackageError
from ops.package.bytecode import compile_sources
from ops.package.command import ROOT, _gather, build_package, main, report, runtime_version, unpack
from ops.package.wheels import Pin, Wheel, read_pins

OUR_FILES = re.compile(r"handler\.py|snapshot/(\w+/)*\w+\.py")
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


def test_reproducible(package, wheels, tmp_path):
    """The command in another folder and at another time gives the same bytes."""
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


def test_without_bytecode(wheels, tmp_path):
    """Without the runtime's Python the package has no bytecode, and the report says what that costs."""
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


def test_contents(package):
    """The package holds the function, its dependencies and nothing else."""
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
            assert OUR_FILES.fullmatch(name), name


def test_all_modules(package):
    """Every module of the function is in the package."""
    expected = {path.relative_to(ROOT).as_posix() for path in (ROOT / "snapshot").rglob("*.py")} | {"handler.py"}
    assert expected <= set(_names(package))
    assert len(expected) > 5


def test_licences(package):
    """Every locked release ships with its licence and metadata."""
    names = _names(package)
    for pin in read_pins(ROOT / "requirements.txt"):
        if pin.name == "pycryptodome":
            continue
        distribution = f"{pin.name.replace('-', '_')}-{pin.version}.dist-info/"
        metadata = [name for name in names if name.lower().startswith(distribution)]
        assert any(name.endswith("METADATA") for name in metadata), distribution
        assert any("LICENSE" in name for name in metadata), distribution


def test_entries(package):
    """Entries are sorted and hold neither a date nor an owner."""
    with zipfile.ZipFile(package.path) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert {entry.extra for entry in entries} == {b""}


def test_size(package):
    """The package is smaller than twelve megabytes."""
    assert package.size_bytes < 12_000_000


def test_bytecode(package, python310):
    """Bytecode is not checked at run time, and names the place where SCF puts the source."""
    with zipfile.ZipFile(package.path) as archive:
        compiled = {name: archive.read(name) for name in archive.namelist() if name.endswith(".pyc")}
        sources = [name for name in archive.namelist() if name.endswith(".py")]
    assert len(compiled) == len(sources)
    assert {content[4:8] for content in compiled.values()} == {b"\x01\0\0\0"}  # hash-based, not to be checked
    for path in (str(ROOT), str(Path.home()), "/tmp"):
        assert not any(path.encode() in content for name, content in compiled.items() if name.startswith("snapshot"))
    listing = subprocess.run(
        [python310.path, "-I", "-S", "-c", "import marshal,sys;print(marshal.load(sys.stdin.buffer).co_filename)"],
        input=compiled["__pycache__/handler.cpython-310.pyc"][16:], capture_output=True, check=True,
    )  # fmt: skip
    assert listing.stdout.decode().strip() == "/var/user/handler.py"


def test_report(package):
    """The report names every part, the size and the hash."""
    text = report(package)
    assert package.sha256 in text
    assert {name for name, _, _ in package.parts} >= {"this project", "pillow", "pydantic-core"}
    assert all(name in text for name, _, _ in package.parts)


def test_unpack(package, tmp_path):
    """Unpacking replaces an earlier unpacked package and nothing else."""
    folder = tmp_path / "snapshot"
    unpack(package.path, folder)
    (folder / "stale.py").write_text("")
    unpack(package.path, folder)
    assert (folder / "handler.py").is_file()
    assert not (folder / "stale.py").exists()
    (tmp_path / "mine").mkdir()
    with pytest.raises(PackageError, match="is not an unpacked package"):
        unpack(package.path, tmp_path / "mine")


def test_runtime_version(tmp_path):
    """The runtime is read from serverless.yml alone."""
    stack = tmp_path / "serverless.yml"
    stack.write_text("inputs:\n  # runtime: Python2.7\n  runtime: 'Python3.12'  # next\n")
    assert runtime_version(stack) == "3.12"
    stack.write_text("inputs:\n  runtime: Nodejs16.13\n")
    with pytest.raises(PackageError, match="names no Python runtime"):
        runtime_version(stack)


def test_no_handler(wheels, tmp_path):
    """A folder without a handler is refused."""
    project = _copy_of_the_project(tmp_path / "project")
    (project / "handler.py").unlink()
    with pytest.raises(PackageError, match=r"no handler\.py"):
        build_package(project, tmp_path / "x.zip", cache=wheels)
    assert not (tmp_path / "x.zip").exists()


def test_uncompilable(python310):
    """A source that the runtime cannot compile is named."""
    with pytest.raises(PackageError, match="cannot compile the package"):
        compile_sources({"snapshot/future.py": b"def f[T](x: T) -> T: ...\n"}, python310)


def test_same_file_twice(tmp_path):
    """Two parts that contain the same file are named."""
    project = _copy_of_the_project(tmp_path / "project")
    with zipfile.ZipFile(tmp_path / "rogue-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("handler.py", "")
    rogue = Wheel(Pin("rogue", "1", frozenset()), tmp_path / "rogue-1-py3-none-any.whl")
    with pytest.raises(PackageError, match=r"rogue and this project both contain handler\.py"):
        _gather(project, [rogue])


def test_command_fails(tmp_path):
    """An error is one line that says what is wrong and one that says what to do."""
    done = _run("package", "--out", tmp_path / "s.zip", "--python310", "/nowhere/python", folder=ROOT)
    assert done.returncode == 1
    assert done.stdout == ""
    problem, remedy = done.stderr.splitlines()
    assert problem == "/nowhere/python does not run as a CPython 3.10."
    assert "PYTHON310" in remedy


def test_unwritable(tmp_path, wheels):
    """A place that cannot be written is named, without a traceback."""
    (tmp_path / "file").write_text("")
    done = _run("package", "--out", tmp_path / "file" / "s.zip", "--python310", "", folder=ROOT)
    assert done.returncode == 1
    problem, remedy = done.stderr.splitlines()
    assert f"{tmp_path / 'file'} is not a folder" in problem
    assert "another folder" in remedy


@pytest.mark.parametrize(
    ("out", "options", "problem"),
    [
        ("folder", (), "is a folder."),
        ("folder", ("--unpack",), "is a folder."),
        ("file/s.zip", (), "is not a folder."),
        ("file/deeper/s.zip", (), "is not a folder."),
        ("s", ("--unpack",), "has no extension, so the unpacked folder would have its name."),
        ("folder.zip", ("--unpack",), "exists and is not an unpacked package."),
        ("file.zip", ("--unpack",), "exists and is not an unpacked package."),
    ],
)
def test_wrong_place(tmp_path, monkeypatch, out, options, problem):
    """A place where no zip can be put is refused before anything is built."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("ops.package.command.build_package", lambda *_, **__: pytest.fail("it was built"))
    with pytest.raises(PackageError) as raised:
        main(["--out", str(tmp_path / out), *options])
    assert raised.value.problem.endswith(problem)
    assert str(tmp_path) in raised.value.problem
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_which(tmp_path, python310):
    """--which prints the Python that would compile, and nothing else."""
    done = _run("package", "--which", "--python310", python310.path, folder=ROOT)
    assert (done.returncode, done.stdout) == (0, f"{python310.path}\n")
    done = _run("package", "--which", "--python310", "", folder=ROOT)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("There is no Python 3.10 on this machine.")


def test_bare_python(tmp_path):
    """The package command runs on a Python without any package."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import ops.__main__ as m; m.main(['package', '-h'])"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--python310" in done.stdout


def test_failed_build(tmp_path):
    """A build that fails leaves the old package as it was."""
    out = tmp_path / "snapshot.zip"
    out.write_bytes(b"old")
    project = tmp_path / "empty"
    project.mkdir()
    with pytest.raises(PackageError):
        build_package(project, out, cache=tmp_path / "cache")
    assert out.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["snapshot.zip"]


def test_undeployable_stack(tmp_path, wheels):
    """A package is not built for a serverless.yml that cannot be deployed."""
    project = _copy_of_the_project(tmp_path / "project")
    stack = project / "serverless.yml"
    text = stack.read_text(encoding="utf-8")
    stack.write_text(text.replace("            prefix: videos/", "            prefix: /videos/", 1), encoding="utf-8")
    with pytest.raises(
        PackageError, match=r"line \d+: trigger 1\.parameters\.filter\.prefix: '/videos/' can never match"
    ):
        build_package(project, tmp_path / "x.zip", cache=wheels)
    assert not (tmp_path / "x.zip").exists()
