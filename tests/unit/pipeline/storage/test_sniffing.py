"""Files are known by their contents, and a file of which a part is missing is never taken for whole."""

import gzip
import io
import random
import struct
import zipfile

import pytest

from pipeline.core.errors import SourceError
from pipeline.storage import sniffing
from pipeline.storage.sniffing import require_whole, sniff

CSV = b"IncidentNumber,DateOfCall\n" + b"".join(b"%d,2023-01-02\n" % number for number in range(2_000))


def zipped(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


WORKBOOK = zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>", "xl/sheet.xml": CSV})
ZIP = zipped({"incidents.csv": CSV})


@pytest.fixture
def write(tmp_path):
    def _write(content: bytes, name: str = "file.bin"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return _write


KINDS = {
    "csv": CSV,
    "a CSV with a byte-order mark": b"\xef\xbb\xbf" + CSV,
    "a CSV in Windows-1252": b"IncidentNumber,Notional Cost (\xa3)\n1,348\n",
    "a CSV with semicolons": b"IncidentNumber;DateOfCall\n",
    "xlsx": WORKBOOK,
    "zip": ZIP,
    "gzip": gzip.compress(CSV),
    "xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "utf16": CSV.decode().encode("utf-16"),
    "html": b"\r\n <!DOCTYPE html><html></html>",
    "html after a byte-order mark": b"\xef\xbb\xbf<HTML>",
    "html with a comment": b"<!-- moved, sorry --><p>",
    "empty": b"",
    "empty but for line ends": b"\r\n\n",
    "empty but for a byte-order mark": b"\xef\xbb\xbf",
    "unknown": bytes(range(256)),
    "unknown: JSON": b'{"error": "not found", "status": 404}',
    "unknown: plain text": b"Service temporarily unavailable\n",
    "unknown: PDF": b"%PDF-1.7, a, b",
}


@pytest.mark.parametrize("case", KINDS)
def test_a_file_is_known_by_its_contents_whatever_its_name(write, case):
    expected = "csv" if case.startswith("a CSV") else case.split()[0].rstrip(":")
    assert sniff(write(KINDS[case], "data.xlsx")) == expected


@pytest.mark.parametrize("kind", ["csv", "xlsx", "zip", "gzip"])
def test_a_whole_table_file_passes(write, kind):
    assert require_whole(write(KINDS[kind])) == kind


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("empty", "source_is_empty"),
        ("html", "source_is_html"),
        ("xls", "source_not_a_table"),
        ("utf16", "source_not_a_table"),
        ("unknown: JSON", "source_not_a_table"),
        ("unknown: plain text", "source_not_a_table"),
    ],
)
def test_what_is_no_table_is_told_with_a_way_out(write, case, code):
    with pytest.raises(SourceError) as caught:
        require_whole(write(KINDS[case]), "https://publisher/file.csv")
    assert caught.value.code == code
    assert caught.value.message.startswith("https://publisher/file.csv is ")
    assert caught.value.hint


@pytest.mark.parametrize("kind", ["xlsx", "zip", "gzip"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.999])
def test_a_packed_file_cut_short_anywhere_is_told(write, kind, share):
    content = KINDS[kind]
    with pytest.raises(SourceError) as caught:
        require_whole(write(content[: max(5, int(len(content) * share))]))
    assert caught.value.code == "source_truncated"


def test_a_truncated_workbook_is_still_known_for_one(write):
    assert sniff(write(WORKBOOK[:-60])) == "xlsx"


@pytest.mark.parametrize("kind", ["xlsx", "zip", "gzip"])
def test_damage_anywhere_is_told_or_harmless_and_never_unexplained(write, kind):
    chance = random.Random(2)
    refused = 0
    for _ in range(100):
        content = bytearray(KINDS[kind])
        for place in chance.sample(range(4, len(content)), 6):
            content[place] = chance.randrange(256)
        try:
            require_whole(write(bytes(content)))
        except SourceError:
            refused += 1
    assert refused > 75


def test_a_zip_with_a_password_is_told(write):
    content = bytearray(ZIP)
    content[6] |= 1  # the flag of encryption, in the member's own header and in the list at the end
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(SourceError, match="password") as caught:
        require_whole(write(bytes(content)))
    assert caught.value.code == "source_is_protected"


@pytest.mark.parametrize("kind", ["zip", "gzip"])
def test_a_file_that_unpacks_without_end_is_refused(write, kind, monkeypatch):
    monkeypatch.setattr(sniffing, "MAX_UNPACKED_BYTES", 1_000)
    with pytest.raises(SourceError) as caught:
        require_whole(write(KINDS[kind]))
    assert caught.value.code == "source_too_large"


def test_a_zip_that_lies_about_its_size_is_read_no_further_than_it_says(write):
    content = bytearray(ZIP)
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = struct.pack("<I", 10)
    with pytest.raises(SourceError) as caught:
        require_whole(write(bytes(content)))
    assert caught.value.code == "source_truncated"


def test_two_gzip_pieces_behind_each_other_are_one_file(write):
    assert require_whole(write(gzip.compress(CSV) + gzip.compress(CSV))) == "gzip"
