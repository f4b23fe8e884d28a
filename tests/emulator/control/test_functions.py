"""Functions in the control plane, by the official SDK."""

import base64
import io
import re
import zipfile

import pytest
import qcloud_cos
from tencentcloud.scf.v20180416 import models as scf_models
from tencentcloud.scf.v20180416.scf_client import ScfClient

from tests.emulator.control.conftest import BUCKET, CODE, NO_TRUST, TRUST, bind, client_of, error_code, zip_of


def test_typed_requests(plane, cloud, create):
    """The SDK's typed requests are answered with the fields that its typed responses read."""
    create(Tags=[{"Key": "project", "Value": "x"}], DeadLetterConfig={"Type": "CMQ-TOPIC", "Name": "lost"})
    client = client_of(ScfClient, plane, cloud.secret_id, cloud.secret_key)
    request = scf_models.GetFunctionRequest()
    request.FunctionName = "one"
    function = client.GetFunction(request)
    assert (function.Status, function.Runtime, function.MemorySize, function.Timeout) == (
        "Active",
        "Python3.10",
        128,
        3,
    )
    assert function.DeadLetterConfig.Name == "lost"
    assert function.Tags[0].Value == "x"
    request = scf_models.ListFunctionsRequest()
    assert [entry.FunctionName for entry in client.ListFunctions(request).Functions] == ["one"]


def test_change_takes_time(scf, cam):
    """A change is done after two polls, and no other change or trigger is accepted before."""
    cam("CreateRole", RoleName="run", PolicyDocument=TRUST)
    scf("CreateFunction", FunctionName="one", Handler="handler.main_handler", Runtime="Python3.10", Role="run",
        Code={"ZipFile": CODE})  # fmt: skip
    assert error_code(lambda: scf("UpdateFunctionConfiguration", FunctionName="one", Timeout=5)).endswith("StatusError")
    assert error_code(lambda: bind(scf)).endswith("FunctionStatusError")
    statuses = [scf("GetFunction", FunctionName="one")["Status"] for _ in range(3)]
    assert statuses == ["Creating", "Active", "Active"]
    scf("UpdateFunctionConfiguration", FunctionName="one", Timeout=5)
    statuses = [scf("GetFunction", FunctionName="one")["Status"] for _ in range(3)]
    assert statuses == ["Updating", "Active", "Active"]


def test_created_function_runs(cloud, create, scf):
    """A function runs once it is created, and runs its new code after an update."""
    create()
    assert cloud.scf.invoke("one", {}).return_value == 1
    newer = zip_of(handler="def main_handler(event, context):\n    return 2\n")
    scf("UpdateFunctionCode", FunctionName="one", ZipFile=newer)
    assert cloud.scf.invoke("one", {}).return_value == 2


def test_code_from_a_bucket(cloud, create, scf):
    """Code comes from a bucket that is named without its appid, by a path that begins with a slash."""
    host, port = cloud.endpoint.removeprefix("http://").split(":")
    client = qcloud_cos.CosS3Client(
        qcloud_cos.CosConfig(Region=cloud.region, SecretId=cloud.secret_id, SecretKey=cloud.secret_key, Scheme="http",
                             IP=host, Port=int(port))
    )  # fmt: skip
    client.put_object(Bucket=BUCKET, Key="code/a.zip", Body=base64.b64decode(CODE))
    code = {"CosBucketName": "examplebucket", "CosObjectName": "/code/a.zip"}
    assert create(Code=code)["CodeSize"] == len(base64.b64decode(CODE))
    for spoilt, refused in (
        ({**code, "CosBucketName": BUCKET}, "InvalidParameterValue.CosBucketName"),
        ({**code, "CosObjectName": "code/a.zip"}, "InvalidParameterValue.CosObjectName"),
        ({**code, "CosObjectName": "/none.zip"}, "ResourceNotFound.CosObject"),
    ):
        assert error_code(lambda spoilt=spoilt: scf("UpdateFunctionCode", FunctionName="one", Code=spoilt)) == refused


def test_code_without_its_handler(create, cloud):
    """Code without the handler's file is accepted, and the change fails then."""
    function = create(Code={"ZipFile": zip_of(other="")})
    assert function["Status"] == "CreateFailed"
    assert "no handler.py" in function["StatusReasons"][0]["ErrorMessage"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"FunctionName": "1one"}, "InvalidParameterValue.FunctionName"),
        ({"FunctionName": None}, "MissingParameter"),
        ({"Handler": "main"}, "InvalidParameterValue.Handler"),
        ({"Runtime": "Python3.12"}, "InvalidParameterValue.Runtime"),
        ({"MemorySize": 500}, "InvalidParameterValue.MemorySize"),
        ({"MemorySize": "512"}, "InvalidParameter"),
        ({"Timeout": 901}, "LimitExceeded.Timeout"),
        ({"InitTimeout": 301}, "LimitExceeded.InitTimeout"),
        ({"Description": "a; b"}, "InvalidParameterValue.Description"),
        (
            {"Environment": {"Variables": [{"Key": "SCF_X", "Value": "1"}]}},
            "InvalidParameterValue.EnvironmentSystemProtect",
        ),
        ({"Environment": {"Variables": [{"Key": "A-B", "Value": "1"}]}}, "InvalidParameterValue.Environment"),
        ({"Environment": {"Variables": [{"Key": "A", "Value": ""}]}}, "InvalidParameterValue.Environment"),
        (
            {"Environment": {"Variables": [{"Key": "A", "Value": "x" * 4096}]}},
            "InvalidParameterValue.EnvironmentExceededLimit",
        ),
        ({"DeadLetterConfig": {"Type": "SQS", "Name": "lost"}}, "InvalidParameterValue.DeadLetterConfig"),
        ({"DeadLetterConfig": {"Type": "CMQ-QUEUE", "Name": "none"}}, "ResourceNotFound.Cmq"),
        ({"PublicNetConfig": {"PublicNetStatus": "MAYBE"}}, "InvalidParameterValue.PublicNetConfig"),
        ({"Type": "HTTP"}, "InvalidParameterValue.FunctionType"),
        ({"Namespace": "other"}, "ResourceNotFound.Namespace"),
        ({"Role": "none"}, "ResourceNotFound.Role"),
        ({"Code": None}, "MissingParameter.Code"),
        ({"Code": {}}, "MissingParameter.Code"),
        ({"Code": {"ZipFile": "%%%"}}, "InvalidParameterValue.ZipFile"),
        ({"Code": {"ZipFile": base64.b64encode(b"text").decode()}}, "InvalidParameterValue.ZipFile"),
        ({"Code": {"ZipFile": CODE, "GitUrl": "x"}}, "UnknownParameter"),
        ({"Speed": "fast"}, "UnknownParameter"),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, dict) else "",
)
def test_refused_configurations(cloud, cam, scf, changed, code):
    """A function that SCF would not take is refused with the API's own code, and is not made."""
    cam("CreateRole", RoleName="run", PolicyDocument=TRUST)
    parameters = {
        "FunctionName": "one", "Handler": "handler.main_handler", "Runtime": "Python3.10", "Role": "run",
        "Code": {"ZipFile": CODE}, **changed,
    }  # fmt: skip
    parameters = {name: value for name, value in parameters.items() if value is not None}
    assert error_code(lambda: scf("CreateFunction", **parameters)) == code
    assert cloud.scf.functions == ()


def test_zip_with_a_path_outside(cam, scf):
    """A zip with a path that leads out of its folder is refused."""
    cam("CreateRole", RoleName="run", PolicyDocument=TRUST)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../evil.py", "")
    code = {"ZipFile": base64.b64encode(packed.getvalue()).decode()}
    parameters = {"FunctionName": "one", "Handler": "handler.main_handler", "Runtime": "Python3.10", "Role": "run"}
    assert error_code(lambda: scf("CreateFunction", **parameters, Code=code)) == "InvalidParameterValue.Code"


def test_role_without_trust(cam, scf):
    """A role that does not trust SCF is no run role."""
    cam("CreateRole", RoleName="run", PolicyDocument=NO_TRUST)
    parameters = {"FunctionName": "one", "Handler": "handler.main_handler", "Runtime": "Python3.10", "Role": "run"}
    assert (
        error_code(lambda: scf("CreateFunction", **parameters, Code={"ZipFile": CODE})) == "UnauthorizedOperation.Role"
    )


def test_names_and_runtime(create, scf):
    """A name is taken once, and a function keeps its runtime."""
    create()
    assert error_code(lambda: create(Role="run")) == "ResourceInUse.Function"
    change = {"FunctionName": "one", "Runtime": "Python3.9"}
    assert error_code(lambda: scf("UpdateFunctionConfiguration", **change)) == "InvalidParameterValue.Runtime"
    scf("DeleteFunction", FunctionName="one")
    assert error_code(lambda: scf("GetFunction", FunctionName="one")) == "ResourceNotFound.Function"


DOCUMENTED = {
    "InstallDependency": "FALSE",
    "TraceEnable": "TRUE",
    "VpcConfig": {"VpcId": "vpc-1", "SubnetId": "subnet-1"},
    "ClsLogsetId": "logset",
    "ClsTopicId": "topic",
    "CodeSource": "ZipFile",
    "ProtocolType": "HTTP",
    "DnsCache": "TRUE",
    "IntranetConfig": {"IpFixed": "DISABLE"},
    "AsyncRunEnable": "TRUE",
    "Layers": [],
}


def test_documented_parameters(create, scf):
    """Documented parameters that change nothing on one machine are taken, and shown as they were given."""
    function = create(**DOCUMENTED)
    assert {name: function[name] for name in DOCUMENTED} == DOCUMENTED
    scf("UpdateFunctionConfiguration", FunctionName="one", TraceEnable="FALSE", ClsTopicId="other")
    function = scf("GetFunction", FunctionName="one", Qualifier="$LATEST", ShowCode="TRUE")
    assert (function["TraceEnable"], function["ClsTopicId"], function["ClsLogsetId"]) == ("FALSE", "other", "logset")


@pytest.mark.parametrize(
    "parameter",
    [{"Layers": [{"LayerName": "a", "LayerVersion": 1}]}, {"CfsConfig": {"CfsInsList": [{"CfsId": "cfs-1"}]}}],
    ids=["layers", "file systems"],
)
def test_parameters_that_are_not_here(create, parameter):
    """A parameter that would change what a function sees is refused by its name."""
    (name,) = parameter
    assert error_code(lambda: create(**parameter)) == f"UnsupportedOperation.{name}"


def test_times_and_ids(create, scf):
    """A function has an id and its times; a change moves ModTime alone."""
    function = create()
    assert function["FunctionId"].startswith("lam-")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", function["AddTime"])
    (listed,) = scf("ListFunctions")["Functions"]
    assert {name: listed[name] for name in ("FunctionId", "AddTime", "ModTime")} == {
        name: function[name] for name in ("FunctionId", "AddTime", "ModTime")
    }


def test_list_order_and_filters(create, scf):
    """Functions are listed by name or time, either way, and narrowed by description and filters."""
    create(FunctionName="bb", Description="second")
    create(FunctionName="aa", Role="run", Description="first")

    def names(**parameters):
        return [function["FunctionName"] for function in scf("ListFunctions", **parameters)["Functions"]]

    assert names(Order="ASC", Orderby="FunctionName") == ["aa", "bb"]
    assert names(Order="DESC", Orderby="FunctionName") == ["bb", "aa"]
    assert names(Description="first") == ["aa"]
    assert len(names(Filters=[{"Name": "Runtime", "Values": ["Python3.10"]}])) == 2
    assert names(Filters=[{"Name": "Role", "Values": ["other"]}]) == []
    assert error_code(lambda: names(Filters=[{"Name": "Colour", "Values": ["x"]}])) == "InvalidParameterValue.Filters"


def test_async_execution_may_take_a_day(create):
    """A function with AsyncRunEnable may take up to 24 hours, any other 15 minutes."""
    assert create(AsyncRunEnable="TRUE", Timeout=86400)["Timeout"] == 86400
    assert error_code(lambda: create(FunctionName="two", Role="run", Timeout=901)) == "LimitExceeded.Timeout"


def test_code_of_another_region(create):
    """Code in a bucket of another region is refused."""
    code = {"CosBucketName": "examplebucket", "CosObjectName": "/a.zip", "CosBucketRegion": "ap-tokyo"}
    assert error_code(lambda: create(Code=code)) == "InvalidParameterValue.CosBucketRegion"
