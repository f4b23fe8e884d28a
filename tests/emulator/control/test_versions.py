"""Versions, aliases, namespaces and the account's limits in the control plane, by the official SDK."""

from tests.emulator.control.conftest import CODE, error_code


def test_publish_and_list(create, typed):
    """A version is published under the next number, listed beside $LATEST, and can be read by its qualifier."""
    create()
    published = typed("PublishVersion", FunctionName="one", Description="first")
    assert (published.FunctionVersion, published.Handler, published.MemorySize) == ("1", "handler.main_handler", 128)
    assert typed("PublishVersion", FunctionName="one").FunctionVersion == "2"
    listed = typed("ListVersionByFunction", FunctionName="one", Order="ASC", OrderBy="AddTime")
    assert listed.TotalCount == 3
    assert set(listed.FunctionVersion) == {"$LATEST", "1", "2"}
    assert {version.Version: version.Description for version in listed.Versions}["1"] == "first"
    assert typed("GetFunction", FunctionName="one", Qualifier="2").FunctionVersion == "2"
    assert error_code(lambda: typed("GetFunction", FunctionName="one", Qualifier="3")) == "ResourceNotFound.Qualifier"


def test_publish_with_an_update(create, scf, typed):
    """Publish=TRUE at an update publishes a version."""
    create()
    scf("UpdateFunctionCode", FunctionName="one", ZipFile=CODE, Publish="TRUE", CodeSource="ZipFile")
    assert typed("ListVersionByFunction", FunctionName="one").TotalCount == 2


def test_versions_go_with_their_function(create, scf, typed):
    """A function that is made anew under a name has no version of the old one."""
    create()
    typed("PublishVersion", FunctionName="one")
    scf("DeleteFunction", FunctionName="one")
    create(Role="run")
    assert typed("ListVersionByFunction", FunctionName="one").TotalCount == 1


def test_default_alias(create, typed):
    """There is one alias, $DEFAULT, which is $LATEST."""
    create()
    (alias,) = typed("ListAliases", FunctionName="one").Aliases
    assert (alias.Name, alias.FunctionVersion) == ("$DEFAULT", "$LATEST")
    assert typed("GetAlias", FunctionName="one", Name="$DEFAULT").FunctionVersion == "$LATEST"
    assert error_code(lambda: typed("GetAlias", FunctionName="one", Name="prod")) == "ResourceNotFound.Alias"


def test_namespaces(typed):
    """There is one namespace, default."""
    (namespace,) = typed("ListNamespaces").Namespaces
    assert (namespace.Name, namespace.Type) == ("default", "default")
    assert typed("ListNamespaces", SearchKey=[{"Key": "Namespace", "Value": "other"}]).TotalCount == 0


def test_account(create, typed):
    """The account's usage names its functions, its limits are those that calls are held to."""
    create()
    account = typed("GetAccount")
    assert account.AccountUsage.Namespace[0].Functions == ["one"]
    assert account.AccountLimit.Namespace[0].TimeoutLimit == 900
    assert account.AccountLimit.Namespace[0].Trigger.Cos == 10
