import re
import shutil
import subprocess
import sys

import pytest

from studio.snippets import upload_snippets
from tests.studio.conftest import BROWSER, BUCKET


@pytest.fixture
def upload(serve, films, tmp_path):
    """Runs one snippet as a program of its own beside film.mp4, and returns what is stored then."""
    shutil.copy(films / "film.mp4", tmp_path)

    def run(language, command, *, suffix=None):
        with serve(watched=False) as cloud:
            snippets = upload_snippets(
                endpoint=cloud.endpoint,
                region=cloud.region,
                bucket=BUCKET,
                prefix="videos/",
                secret_id=cloud.secret_id,
                secret_key=cloud.secret_key,
            )
            code = {snippet.language: snippet.code for snippet in snippets}[language]
            if suffix:
                (tmp_path / f"upload{suffix}").write_text(code, "utf-8")
            subprocess.run([*command(code)], cwd=tmp_path, check=True, capture_output=True, timeout=120)
            with cloud.store.open(BUCKET, "videos/film.mp4").open() as reader:
                assert reader.read() == (tmp_path / "film.mp4").read_bytes()

    return run


def test_python(upload):
    """The upload in Python works as it stands."""
    upload("Python", lambda _: [sys.executable, "upload.py"], suffix=".py")


def test_node(upload, node, tmp_path):
    """The upload in Node works as it stands."""
    (tmp_path / "node_modules").symlink_to(BROWSER / "node_modules")
    upload("Node", lambda _: ["node", "upload.js"], suffix=".js")


def test_curl(upload):
    """The upload with curl works as it stands."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed, so its upload cannot be run")
    upload("curl", lambda code: ["bash", "-c", code])


def test_documented(root):
    """docs/local-cloud.md has the same programs, without credentials."""
    snippets = upload_snippets(
        endpoint="http://127.0.0.1:8000",
        region="ap-guangzhou",
        bucket=BUCKET,
        prefix="videos/",
        secret_id="SECRET_ID",
        secret_key="SECRET_KEY",
    )
    blocks = re.findall(r"```\w+\n(.*?)```", (root / "docs" / "local-cloud.md").read_text("utf-8"), re.DOTALL)
    assert blocks == [re.sub(r"\?q-sign[^']*", "?SIGNATURE", snippet.code) for snippet in snippets]
