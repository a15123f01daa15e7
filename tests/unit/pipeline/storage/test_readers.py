"""Published tables are read whatever they are packed in."""

import gzip
import zipfile

import openpyxl
import pandas as pd
import pytest

from pipeline.core.columns import published_names
from pipeline.core.errors import DataError, MissingColumnError, SourceError
from pipeline.storage import readers
from tests.frames import raw_rows

ROWS = raw_rows("incident", {}, {"PropertyType": "Café, bar"}, {"Latitude": None})


def write_csv(path, frame=ROWS, encoding="utf-8", newline="\n"):
    path.write_bytes(frame.fillna("NULL").to_csv(index=False, lineterminator=newline).encode(encoding))
    return path


def write_xlsx(path, sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def as_rows(frame=ROWS):
    return [list(frame.columns), *frame.astype(object).where(frame.notna(), None).to_numpy().tolist()]


def read(path):
    return pd.concat([chunk.frame for chunk in readers.read_table(path)], ignore_index=True)


def same_as_rows(frame):
    names = [name for name in ROWS.columns if name in frame.columns]
    pd.testing.assert_frame_equal(frame[names], ROWS[names], check_dtype=False)
    return len(names) == len(ROWS.columns)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_csv_in_every_encoding(tmp_path, encoding, newline):
    assert same_as_rows(read(write_csv(tmp_path / "x.csv", encoding=encoding, newline=newline)))


def test_csv_called_xlsx_is_read_as_what_it_is(tmp_path):
    assert same_as_rows(read(write_csv(tmp_path / "x.xlsx")))


def test_a_packed_csv_is_read_as_a_plain_one(tmp_path):
    plain = write_csv(tmp_path / "x.csv")
    packed = tmp_path / "x.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert same_as_rows(read(packed))


def test_every_table_in_a_zip(tmp_path):
    plain = write_csv(tmp_path / "x.csv")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(plain, "2022.csv")
        archive.write(write_xlsx(tmp_path / "b.xlsx", {"Sheet1": as_rows()}), "folder/2023.xlsx")
        archive.writestr("readme.txt", "nothing")
    assert len(read(tmp_path / "x.zip")) == 2 * len(ROWS)


def test_every_sheet_that_holds_the_table(tmp_path):
    sheets = {"Notes": [["About these data"]], "2022": as_rows(), "2023": [["A title"], *as_rows()]}
    chunks = list(readers.read_table(write_xlsx(tmp_path / "x.xlsx", sheets)))
    assert [chunk.file for chunk in chunks] == ["x.xlsx, sheet 2022", "x.xlsx, sheet 2023"]
    assert [chunk.rows.tolist() for chunk in chunks] == [[2, 3, 4], [3, 4, 5]]


def test_workbook_dates_times_and_numbers_arrive_as_text_that_parses(tmp_path):
    import datetime as dt

    names = list(ROWS.columns)
    row = [None] * len(names)
    for name, value in {
        "DateOfCall": dt.datetime(2023, 3, 19),
        "TimeOfCall": dt.time(14, 11, 51),
        "CalYear": 2023,
        "Easting_m": 519900.0,
    }.items():
        row[names.index(name)] = value
    frame = read(write_xlsx(tmp_path / "x.xlsx", {"Sheet1": [names, row]}))
    assert frame.loc[0, "DateOfCall"].startswith("2023-03-19")
    assert frame.loc[0, "TimeOfCall"].endswith("14:11:51")
    assert float(frame.loc[0, "Easting_m"]) == 519_900


def test_rows_with_too_few_or_many_cells_are_told_with_their_place(tmp_path):
    path = write_csv(tmp_path / "x.csv")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], "1,2,3", *lines[2:]]) + "\n")
    chunks = list(readers.read_table(path))
    assert [(row, text) for chunk in chunks for row, text in chunk.ragged] == [(3, "1,2,3")]
    assert chunks[0].rows.tolist() == [2, 4, 5]


def many_lines(path):
    """The header and 60,000 rows, which come in more than one chunk, as lines."""
    header, *rows = write_csv(path).read_text().splitlines()
    return [header, *rows * 20_000]


def test_places_stay_right_where_rows_that_do_not_fit_lie_far_apart(tmp_path):
    path = tmp_path / "x.csv"
    lines = many_lines(path)
    misfits = [10, 39_000, 39_001, 59_990]  # as lines of the file, the header being the first
    for place in misfits:
        lines.insert(place - 1, f"misfit,{place}")
    path.write_text("\n".join(lines) + "\n")
    chunks = list(readers.read_table(path))
    assert [(row, text) for chunk in chunks for row, text in chunk.ragged] == [(n, f"misfit,{n}") for n in misfits]
    places = {row for chunk in chunks for row in chunk.rows.tolist()}
    assert places == set(range(2, len(lines) + 1)) - set(misfits)


def test_many_rows_come_in_several_chunks_that_count_on(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("\n".join(many_lines(path)))
    chunks = list(readers.read_table(path))
    assert len(chunks) > 1
    assert [row for chunk in chunks for row in chunk.rows.tolist()] == list(range(2, 60_002))
    assert sum(len(chunk.frame) for chunk in chunks) == 60_000


@pytest.mark.parametrize(
    ("content", "error", "code"),
    [
        (b"", SourceError, "source_is_empty"),
        (b"<!DOCTYPE html><html></html>", SourceError, "source_is_html"),
        (b"\x00\x01\x02", SourceError, "source_not_a_table"),
        (b"\xd0\xcf\x11\xe0rest", SourceError, "source_not_a_table"),
        (b"a,b\n1,2\n", DataError, "unrecognised_file"),
        (b"IncidentNumber;DateOfCall;TimeOfCall\n1;2;3\n", DataError, "unrecognised_file"),
    ],
)
def test_what_is_no_published_table_is_refused_by_name(tmp_path, content, error, code):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        list(readers.read_table(path))
    assert caught.value.code == code


@pytest.mark.parametrize("suffix", ["xlsx", "csv.gz", "zip"])
def test_a_file_cut_short_is_told(tmp_path, suffix):
    plain = write_csv(tmp_path / "x.csv", pd.concat([ROWS] * 50))
    path = tmp_path / f"x.{suffix}"
    if suffix == "xlsx":
        write_xlsx(path, {"Sheet1": as_rows()})
    elif suffix == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(plain, "x.csv")
    else:
        path.write_bytes(gzip.compress(plain.read_bytes()))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(SourceError) as caught:
        list(readers.read_table(path))
    assert caught.value.code == "source_truncated"


def test_a_workbook_without_the_table_says_what_it_found(tmp_path):
    with pytest.raises(DataError, match="Hello") as caught:
        list(readers.read_table(write_xlsx(tmp_path / "x.xlsx", {"Sheet1": [["Hello", "World"]]})))
    assert caught.value.code == "unrecognised_file"


def test_a_missing_column_in_a_workbook_is_named(tmp_path):
    with pytest.raises(MissingColumnError, match="TimeOfCall"):
        list(readers.read_table(write_xlsx(tmp_path / "x.xlsx", {"Sheet1": as_rows(ROWS.drop(columns="TimeOfCall"))})))


def test_one_sheet_that_lacks_a_column_fails_the_workbook_rather_than_losing_its_rows(tmp_path):
    sheets = {"2022": as_rows(), "2023": as_rows(ROWS.drop(columns="TimeOfCall"))}
    with pytest.raises(MissingColumnError, match="TimeOfCall"):
        list(readers.read_table(write_xlsx(tmp_path / "x.xlsx", sheets)))


def test_sheets_passed_over_are_noted_whether_they_stand_before_or_behind_the_table(tmp_path):
    sheets = {"About": [["About these data"]], "2022": as_rows(), "Codes": [["Code", "Meaning"]]}
    chunks = list(readers.read_table(write_xlsx(tmp_path / "x.xlsx", sheets)))
    noted = [note for chunk in chunks for note in chunk.notes]
    assert [note.split(".")[1] for note in noted] == [
        "xlsx: sheet About was passed over",
        "xlsx: sheet Codes was passed over",
    ]


def test_a_workbook_with_the_header_alone_holds_no_rows(tmp_path):
    book = write_xlsx(tmp_path / "x.xlsx", {"2022": as_rows()[:1], "Notes": [["About these data"]]})
    assert list(readers.read_table(book)) == []


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_columns_that_are_not_known_are_named_in_a_note(tmp_path, suffix):
    wider = ROWS.assign(Colour="red", Mood="blue")
    is_csv = suffix == "csv"
    path = tmp_path / f"x.{suffix}"
    write_csv(path, wider) if is_csv else write_xlsx(path, {"Sheet1": as_rows(wider)})
    (chunk,) = readers.read_table(path)
    assert len(chunk.notes) == 1
    assert chunk.notes[0].endswith("columns that are not known were left out: Colour, Mood")


def test_a_published_header_leaves_no_note(tmp_path):
    (chunk,) = readers.read_table(write_csv(tmp_path / "x.csv"))
    assert chunk.notes == ()


def test_lines_that_end_in_a_carriage_return_alone(tmp_path):
    assert same_as_rows(read(write_csv(tmp_path / "x.csv", newline="\r")))


def test_numbers_that_a_workbook_shows_as_dates_arrive_as_excels_first_days(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    names = published_names("mobilisation")
    sheet.append(names)
    for value in (1, 2):
        sheet.append([None] * len(names))
        cell = sheet.cell(sheet.max_row, names.index("PerformanceReporting") + 1, value)
        cell.number_format = "dd/mm/yyyy"
        sheet.cell(sheet.max_row, 1, "038967-19032023")
    book.save(tmp_path / "x.xlsx")
    assert read(tmp_path / "x.xlsx")["PerformanceReporting"].tolist() == ["1900-01-01 00:00:00", "1900-01-02 00:00:00"]


def test_a_zip_without_a_table_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(DataError, match="no CSV"):
        list(readers.read_table(tmp_path / "x.zip"))
