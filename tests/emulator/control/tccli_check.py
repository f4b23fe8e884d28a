"""Tencent's own command line tool, tccli, against the control plane: from its registry, pinned, unmodified.

`python -m pytest tests/emulator/control/tccli_check.py` runs it. It is no part of the suite: the tool brings 665 MB of
client code for services that are not here, and installing it takes minutes.
"""

import json
import subprocess
import sys

import pytest

from tests.emulator.control.conftest import BUCKET, CODE, DESCRIBED, HOST, POLICY, TRUST

VERSION = "3.1.189.1"
UIN = "100000000001"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tccli")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", f"tccli=={VERSION}"]
    subprocess.run(pip, check=True, timeout=600, capture_output=True)
    return folder / "bin" / "tccli"


@pytest.fixture
def tccli(program, plane, cloud, tmp_path):
    """Run one action; return the JSON that is printed."""

    def call(service, action, **parameters):
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
        arguments = [word for name, text in texts.items() for word in (f"--{name}", text)]
        completed = subprocess.run(
            [str(program), service, action, "--endpoint", f"http://{plane.endpoint}", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={
                "HOME": str(tmp_path),
                "PATH": "/usr/bin:/bin",
                "TENCENTCLOUD_SECRET_ID": cloud.secret_id,
                "TENCENTCLOUD_SECRET_KEY": cloud.secret_key,
                "TENCENTCLOUD_REGION": cloud.region,
            },
        )
        assert completed.returncode == 0, (action, completed.stdout, completed.stderr)
        return json.loads(completed.stdout)

    return call


def test_every_action(tccli):
    """Each action that a function's developer needs is answered, from the role to the function's end."""
    appid = tccli("cam", "GetUserAppId")["AppId"]
    assert appid == 1250000000
    tccli("cam", "CreateRole", RoleName="run", PolicyDocument=TRUST)
    policy = tccli("cam", "CreatePolicy", PolicyName="p", PolicyDocument=POLICY)["PolicyId"]
    tccli("cam", "AttachRolePolicy", PolicyId=policy, AttachRoleName="run")
    assert tccli("cam", "ListAttachedRolePolicies", RoleName="run", Page=1, Rp=10)["TotalNum"] == 1
    tccli(
        "scf", "CreateFunction", FunctionName="one", Handler="handler.main_handler", Runtime="Python3.10", Role="run",
        Code={"ZipFile": CODE}, AsyncRunEnable="TRUE",
        Environment={"Variables": [{"Key": "A", "Value": "1"}]},
    )  # fmt: skip
    states = [tccli("scf", "GetFunction", FunctionName="one")["Status"] for _ in range(2)]
    assert states == ["Creating", "Active"]
    result = tccli("scf", "Invoke", FunctionName="one", ClientContext='{"a": 1}', LogType="Tail")["Result"]
    assert (result["InvokeResult"], result["RetMsg"]) == (0, "1")
    logs = tccli("scf", "GetFunctionLogs", FunctionName="one", FunctionRequestId=result["FunctionRequestId"])
    assert logs["Data"][0]["RetMsg"] == "1"
    assert tccli("scf", "PublishVersion", FunctionName="one")["FunctionVersion"] == "1"
    assert tccli("scf", "ListVersionByFunction", FunctionName="one")["TotalCount"] == 2
    assert tccli("scf", "ListAliases", FunctionName="one")["TotalCount"] == 1
    tccli("scf", "GetAlias", FunctionName="one", Name="$DEFAULT")
    assert tccli("scf", "ListNamespaces")["TotalCount"] == 1
    assert tccli("scf", "GetAccount")["AccountUsage"]["Namespace"][0]["FunctionsCount"] == 1
    assert tccli("scf", "ListFunctions", Order="ASC", Orderby="FunctionName")["TotalCount"] == 1
    trigger = {"FunctionName": "one", "Type": "cos", "TriggerName": HOST, "TriggerDesc": DESCRIBED}
    tccli("scf", "CreateTrigger", **trigger)
    assert tccli("scf", "ListTriggers", FunctionName="one")["TotalCount"] == 1
    tccli("scf", "DeleteTrigger", **trigger)
    config = {"RetryConfig": [{"RetryNum": 1}], "MsgTTL": 600}
    tccli("scf", "UpdateFunctionEventInvokeConfig", FunctionName="one", AsyncTriggerConfig=config)
    assert tccli("scf", "GetFunctionEventInvokeConfig", FunctionName="one")["AsyncTriggerConfig"]["MsgTTL"] == 600
    tccli("scf", "UpdateFunctionConfiguration", FunctionName="one", Timeout=5)
    tccli("scf", "DeleteFunction", FunctionName="one")
    token = tccli("sts", "GetFederationToken", Name="browser", Policy=POLICY)
    assert token["Credentials"]["TmpSecretId"].startswith("AKID")
    trust = TRUST.replace('"service": "scf.qcloud.com"', f'"qcs": ["qcs::cam::uin/{UIN}:root"]')
    tccli("cam", "CreateRole", RoleName="own", PolicyDocument=trust)
    tccli("sts", "AssumeRole", RoleArn=f"qcs::cam::uin/{UIN}:roleName/own", RoleSessionName="one")
    assert BUCKET.endswith(str(appid))
