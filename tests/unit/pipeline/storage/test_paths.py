"""Paths that clients name stay inside their folder."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.errors import PathError
from pipeline.storage.paths import confine


@pytest.fixture()
def base(tmp_path):
    tmp_path = tmp_path / "site"
    tmp_path.mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "secret.csv").write_text("secret")
    (tmp_path / "data" / "inside.csv").write_text("fine")
    (tmp_path / "data" / "link.csv").symlink_to(tmp_path / "secret.csv")
    (tmp_path / "data" / "out").symlink_to(tmp_path)
    (tmp_path / "data" / "loop.csv").symlink_to(tmp_path / "data" / "loop.csv")
    (tmp_path / "data" / "folder.csv").mkdir()
    return tmp_path


def ask(base, named):
    return confine(named, base / "data", known_as="data", suffixes=(".csv",))


@pytest.mark.parametrize("named", ["./data/inside.csv", "data/inside.csv", "inside.csv", "data/../data/inside.csv"])
def test_every_way_to_name_a_file_inside_is_understood(base, named):
    assert ask(base, named) == base / "data" / "inside.csv"


def test_an_absolute_path_inside_is_understood(base):
    assert ask(base, str(base / "data" / "new.csv")) == base / "data" / "new.csv"


@pytest.mark.parametrize(
    "named",
    [
        "", "   ", "../secret.csv", "data/../secret.csv", "data/../../x.csv", "/etc/passwd.csv", "link.csv", "data/link.csv",
        "out/secret.csv", "loop.csv", "folder.csv", "data", "inside.txt", "inside.csv\0", "a\nb.csv", "x" * 2_000 + ".csv",
        "x" * 300 + ".csv", "~/x.csv/../../../../../../x.csv", "out/\u202ecsv.csv", "elsewhere/inside.csv",
    ],
)  # fmt: skip
def test_every_way_out_is_refused(base, named):
    with pytest.raises(PathError) as caught:
        ask(base, named)
    assert caught.value.code == "path_not_allowed"
    assert "secret.csv" not in caught.value.message or "secret" in named


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    st.lists(st.sampled_from(["..", ".", "data", "out", "a", "/", "link.csv", "．．", "inside.csv", "\\"]), max_size=6)
)
def test_whatever_is_named_ends_inside_or_is_refused(base, parts):
    try:
        found = ask(base, "/".join(parts) + ".csv")
    except PathError:
        return
    assert (base / "data").resolve() in found.resolve().parents
