"""Everything that the core has is here, under the names that Python gives it."""

import inspect

import pytest
import vsm
from typed import API, ASKED, ENUMS, NETWORK, QUERIES, RECORDS, attribute

CLASSES = [name for name in RECORDS if not name.endswith("Query") or name == NETWORK]
# Answers with lists of records are tables as well; events have too many fields of too many sorts.
ANSWERS = {asked["answer"] for asked in ASKED.values()} - {"TemplateEvents"}
TABLES = {
    name for name in ANSWERS if any(kind.startswith("[") and kind[1:-1] in RECORDS for kind in RECORDS[name].values())
}
METHODS = {"to_json", "to_dict", "from_json"}


def public(cls):
    return {name for name in vars(cls) if not name.startswith("_")}


@pytest.mark.parametrize("name", CLASSES)
def test_every_record_is_a_class_with_every_field(name):
    cls = getattr(vsm, name)
    more = {"Outlook": {"to_text"}, "IngestReport": {"rejects_frame"}, "IngestRun": {"rejects_frame"}}.get(name, set())
    if name in TABLES:
        more = more | {"arrow"}
    assert public(cls) == {attribute(field) for field in RECORDS[name]} | METHODS | more
    assert cls.__module__ == "vsm"
    assert cls.__doc__
    assert all(vars(cls)[attribute(field)].__doc__ for field in RECORDS[name])


@pytest.mark.parametrize("name", CLASSES)
def test_what_a_host_hands_in_has_a_constructor_and_the_rest_has_none(name):
    cls = getattr(vsm, name)
    if API["records"][name]["input"]:
        parameters = inspect.signature(cls).parameters
        assert {name: parameter.kind for name, parameter in parameters.items()} == {
            attribute(field): inspect.Parameter.KEYWORD_ONLY for field in RECORDS[name]
        }
    else:
        with pytest.raises(TypeError):
            cls()


def test_every_query_is_a_method_with_every_field():
    assert {*QUERIES.values(), NETWORK} == {name for name in RECORDS if name.endswith("Query")}
    for method, query in QUERIES.items():
        asked = getattr(vsm if method in API["functions"] else vsm.ValueStream, method)
        parameters = set(inspect.signature(asked).parameters) - {"self"}
        assert parameters == {attribute(field) for field in RECORDS[query]}, method


@pytest.mark.parametrize("name", ENUMS)
def test_every_enum_has_every_word(name):
    cls = getattr(vsm, name)
    assert [member.value for member in cls] == ENUMS[name]
    for member in cls:
        assert member.name == "".join(part.capitalize() for part in member.value.split("_"))
        assert {member: 1}[member.value] == 1
        assert member == member.value and str(member) == f"{member}" == member.value
        assert repr(member) == f"{name}.{member.name}"


def test_every_error_code_is_a_class():
    codes = {error.code for error in vsm.VsmError.__subclasses__()}
    # The codes of the core's `Error`.
    assert codes == {
        "unknown_item", "cycle", "invalid", "unknown_zone", "document", "conflict", "read_only", "horizon",
        "storage"
    }  # fmt: skip
    assert all(getattr(vsm, error.__name__) is error for error in vsm.VsmError.__subclasses__())
