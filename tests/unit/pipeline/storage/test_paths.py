"""Paths that clients name stay inside their folder."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.errors import PathError
from pipeline.storage.paths import confine


@pytest.fixture
def base(tmp_path):
    """A site with a data folder, something outside it, and links from one to the other."""
    base = tmp_path / "site"
    data = base / "data"
    (data / "sub").mkdir(parents=True)
    (data / ".staging").mkdir()
    (data / "folder.csv").mkdir()
    (base / "secret.csv").write_text("secret")
    (data / "inside.csv").write_text("fine")
    for name, target in {
        "link.csv": base / "secret.csv",
        "dangling.csv": base / "not-yet.csv",
        "out": base,
        "loop.csv": data / "loop.csv",
        "within.csv": data / "inside.csv",
        "null.csv": Path("/dev/null"),
        "hidden": data / ".staging",
    }.items():
        (data / name).symlink_to(target)
    (data / "chain").symlink_to(data / "out")
    os.mkfifo(data / "pipe.csv")
    return base


def ask(base, named):
    return confine(named, base / "data", known_as="data", suffixes=(".csv", ".parquet"))


@pytest.mark.parametrize(
    "named",
    ["./data/inside.csv", "data/inside.csv", "inside.csv", "data/../data/inside.csv", "data//sub/../inside.csv"],
)
def test_every_way_to_name_a_file_inside_is_understood(base, named):
    assert ask(base, named) == base / "data" / "inside.csv"


def test_an_absolute_path_inside_is_understood(base):
    assert ask(base, str(base / "data" / "new.csv")) == base / "data" / "new.csv"


def test_a_link_that_stays_inside_means_the_file_behind_it(base):
    assert ask(base, "within.csv") == base / "data" / "inside.csv"


def test_a_folder_of_another_name_goes_by_its_own_and_by_its_usual_one(tmp_path):
    for named in ("data/x.csv", "elsewhere/x.csv", "x.csv"):
        assert (
            confine(named, tmp_path / "elsewhere", known_as="data", suffixes=(".csv",)) == tmp_path / "elsewhere/x.csv"
        )


def test_a_root_that_is_a_link_confines_to_the_folder_behind_it(base):
    (base / "alias").symlink_to(base / "data")
    assert confine("inside.csv", base / "alias", known_as="data", suffixes=(".csv",)) == base / "data" / "inside.csv"
    with pytest.raises(PathError):
        confine("link.csv", base / "alias", known_as="data", suffixes=(".csv",))


def test_names_in_other_languages_are_fine(base):
    assert ask(base, "Einsätze „neu“.csv").name == "Einsätze „neu“.csv"


OUTSIDE, EMPTY, LONG = "leads outside", "is empty", "is longer than"
UNPRINTABLE, BACKSLASH, LOOK_ALIKE = "cannot be printed", "backslash", "look-alikes"
SUFFIX, NO_FILE, UNRESOLVED, HIDDEN = "does not end in", "is not a file", "cannot be resolved", "hidden"


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("", EMPTY), ("   ", EMPTY), ("x" * 2_000 + ".csv", LONG), ("x" * 300 + ".csv", UNRESOLVED), ("é" * 130 + ".csv", UNRESOLVED),
        ("../secret.csv", OUTSIDE), ("data/../secret.csv", OUTSIDE), ("data/../../x.csv", OUTSIDE), ("./data/sub/../../secret.csv", OUTSIDE),
        ("/etc/passwd.csv", OUTSIDE), ("//etc/x.csv", OUTSIDE), ("elsewhere/inside.csv", OUTSIDE), ("~/x.csv/../../../../x.csv", OUTSIDE),
        ("link.csv", OUTSIDE), ("data/link.csv", OUTSIDE), ("dangling.csv", OUTSIDE), ("out/secret.csv", OUTSIDE),
        ("data/out/secret.csv", OUTSIDE), ("data/out/new.csv", OUTSIDE), ("data/chain/secret.csv", OUTSIDE), ("null.csv", OUTSIDE),
        ("loop.csv", UNRESOLVED), ("folder.csv", NO_FILE), ("pipe.csv", NO_FILE),
        ("data", SUFFIX), ("inside.txt", SUFFIX), ("inside.csv/", SUFFIX), ("inside.csv.pkl", SUFFIX), (".csv", SUFFIX), ("data/.parquet", SUFFIX),
        ("inside.CSV", SUFFIX), ("inside.csv\0", UNPRINTABLE), ("inside.csv\0.csv", UNPRINTABLE), ("a\nb.csv", UNPRINTABLE),
        ("\u202evsc.x.csv", UNPRINTABLE), ("a\u200b.csv", UNPRINTABLE), ("\ud800.csv", UNPRINTABLE),
        ("..\\secret.csv", BACKSLASH), ("C:\\data\\x.csv", BACKSLASH), ("data\\inside.csv", BACKSLASH),
        ("．．/secret.csv", LOOK_ALIKE), ("data／inside.csv", LOOK_ALIKE), ("‥/secret.csv", LOOK_ALIKE), ("＼x.csv", LOOK_ALIKE),
        (".hidden.csv", HIDDEN), ("data/.staging/run-1/x.csv", HIDDEN), ("data/.locks/x.csv", HIDDEN), ("data/hidden/x.csv", HIDDEN),
    ],
)  # fmt: skip
def test_every_way_out_is_refused_with_its_reason(base, named, why):
    with pytest.raises(PathError) as caught:
        ask(base, named)
    assert (caught.value.code, caught.value.http_status) == ("path_not_allowed", 400)
    assert why in caught.value.message
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 250


def test_an_absolute_path_through_a_link_out_is_refused(base):
    with pytest.raises(PathError, match="outside"):
        ask(base, str(base / "data" / "out" / "secret.csv"))


def test_a_folder_whose_name_begins_like_the_root_is_outside(base):
    (base / "data-private").mkdir()
    with pytest.raises(PathError, match="outside"):
        ask(base, str(base / "data-private" / "x.csv"))


def test_confining_a_path_makes_no_file_or_folder(base):
    before = sorted(base.rglob("*"))
    ask(base, "data/a/b/c/new.csv")
    assert sorted(base.rglob("*")) == before


PIECES = [
    "..",
    ".",
    "data",
    "out",
    "chain",
    "sub",
    "a",
    "/",
    "link.csv",
    "．．",
    "inside.csv",
    "\\",
    "~",
    ".staging",
    "",
    " ",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    st.one_of(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=8).map("/".join), st.text())
)
def test_whatever_is_named_ends_inside_or_is_refused(base, named):
    for spelling in (named, named + ".csv", f"{base}/data/{named}.csv"):
        try:
            found = ask(base, spelling)
        except PathError:
            continue
        assert (base / "data") in found.parents
        assert found.resolve() == found
        assert found.suffix in (".csv", ".parquet")
