"""The file of the response times."""

import pandas as pd
import pytest

from pipeline.core.errors import DataError, MissingInputError
from pipeline.core.response_groups import FIGURE_NAMES
from pipeline.storage.response_times import read_figures, write_figures

FIGURES = pd.DataFrame(
    {
        "dimension": ["total", "hour"],
        "group": ["", "03"],
        "name": ["", "03"],
        "borough": ["", "Ealing"],
        "year": [0, 2023],
        "pump": [1, 2],
        "calls": pd.array([7, pd.NA], dtype="Int32"),
        **{name: [0.25, float("nan")] for name in FIGURE_NAMES},
    }
)


def test_figures_and_facts_come_back_as_they_were(tmp_path):
    path = tmp_path / "figures.parquet"
    write_figures(FIGURES, {"is_sample": True, "from": "2023-01-01"}, path)
    frame, facts = read_figures(path)
    assert facts == {"is_sample": True, "from": "2023-01-01"}
    assert frame["calls"].isna().tolist() == [False, True]
    assert frame["calls"].tolist()[0] == 7
    assert frame.astype(dict.fromkeys(("dimension", "group", "borough"), "str"))["borough"].tolist() == [
        "",
        "Ealing",
    ]
    assert frame.iloc[0][list(FIGURE_NAMES)].tolist() == [0.25] * 5


def test_the_same_figures_are_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_figures(FIGURES, {"b": 1, "a": 2}, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_no_figures_is_a_file_too(tmp_path):
    write_figures(FIGURES.iloc[:0], {}, tmp_path / "none")
    assert len(read_figures(tmp_path / "none")[0]) == 0


def test_without_a_file_it_says_what_to_run(tmp_path):
    with pytest.raises(MissingInputError) as error:
        read_figures(tmp_path / "nothing.parquet")
    assert "build_features" in error.value.hint


def test_a_file_of_another_kind_is_refused(tmp_path):
    FIGURES[["group"]].to_parquet(tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_text("not a table")
    for name in ("other", "text"):
        with pytest.raises(DataError) as error:
            read_figures(tmp_path / f"{name}.parquet")
        assert error.value.code == "unreadable_response_times"
