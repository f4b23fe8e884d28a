"""The emulator as a distribution of its own: built, installed into an empty environment, used by a stranger's tests."""

import re
import subprocess
import sys
import zipfile

import pytest

from emulator.__main__ import _parser

PAGE = "docs/testing-with-the-emulator.md"
pytestmark = pytest.mark.slow


def run(*command, cwd=None):
    completed = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600, check=False)
    assert completed.returncode == 0, completed.stdout[-3000:] + completed.stderr[-3000:]
    return completed.stdout


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(root / "emulator")
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment with the wheel and its dependencies, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", str(folder))
    pip = (sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"))
    run(*pip, "install", "--quiet", "--disable-pip-version-check", "--no-compile", f"{wheel}[test]")
    return folder / "bin"


def test_contents(wheel, root):
    """The wheel holds the package and the repository's license, and nothing of its tests or of the function."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (license_name,) = [name for name in names if name.endswith("/LICENSE")]
        assert archive.read(license_name) == (root / "LICENSE").read_bytes()
    inside = {name.partition("/")[0] for name in names}
    assert {name for name in inside if not name.endswith(".dist-info")} == {"emulator"}
    assert {"emulator/cloud.py", "emulator/py.typed", "emulator/pytest_plugin.py"} <= set(names)
    assert "emulator/films/corpus.py" not in names
    assert not [name for name in names if name.endswith((".toml", ".md", "Containerfile"))]


def test_strangers_project(installed, root, tmp_path):
    """The page's code, in a folder of its own with no setting and no conftest, passes its three tests."""
    page = (root / PAGE).read_text(encoding="utf-8")
    files = dict(re.findall(r"^```python\n# (\w+\.py)\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
    assert set(files) == {"upload.py", "test_upload.py", "test_more.py"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    printed = run(str(installed / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)
    assert "3 passed" in printed
    assert len(files["test_upload.py"].strip().splitlines()) <= 10


def test_settings_of_the_plugin(installed, tmp_path):
    """Buckets and region come from pytest's configuration; each test begins with an empty bucket."""
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\ncos_buckets = one-1250000001 two-1250000001\ncos_region = ap-tokyo\n", encoding="utf-8"
    )
    (tmp_path / "test_settings.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('turn', [1, 2])\n"
        "def test_it(cos_cloud, cos_client, turn):\n"
        "    assert (cos_cloud.buckets, cos_cloud.region) == (('one-1250000001', 'two-1250000001'), 'ap-tokyo')\n"
        "    assert not cos_client.object_exists('one-1250000001', 'a')\n"
        "    cos_client.put_object('one-1250000001', b'x', 'a')\n",
        encoding="utf-8",
    )
    assert "2 passed" in run(str(installed / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)


@pytest.mark.parametrize("buckets", ["a-1250000000 b-1250000001", "wrong"])
def test_wrong_settings_of_the_plugin(installed, tmp_path, buckets):
    """A wrong setting is named with its value, without a traceback."""
    (tmp_path / "pytest.ini").write_text(f"[pytest]\ncos_buckets = {buckets}\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text("def test_it(cos_cloud):\n    pass\n", encoding="utf-8")
    command = [str(installed / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    assert f"cos_buckets or cos_region in pytest's settings ({buckets})" in printed
    assert "Traceback" not in printed


def test_command(installed, tmp_path):
    """The command is installed, and knows its options."""
    assert "--control" in run(str(installed / "tencent-cos-emulator"), "--help", cwd=tmp_path)


def test_container_file(root):
    """The command in the container file is one that the emulator accepts, at the ports that are exposed."""
    text = (root / "emulator" / "Containerfile").read_text(encoding="utf-8")
    entry, default = (re.search(rf"^{word} \[(.*)\]$", text, re.MULTILINE)[1] for word in ("ENTRYPOINT", "CMD"))
    command, *arguments = re.findall(r'"([^"]*)"', f"{entry}, {default}")
    args = _parser().parse_args(arguments)
    assert (command, args.host, args.control) == ("tencent-cos-emulator", "0.0.0.0", True)
    assert re.search(r"^EXPOSE (.*)$", text, re.MULTILINE)[1].split() == [str(args.port), str(args.control_port)]
