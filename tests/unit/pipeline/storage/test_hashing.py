"""A file is recorded by its size and its SHA-256."""

import pytest

from pipeline.storage.hashing import file_record, sha256_of

# The test vectors of FIPS 180-2, one and two blocks long, and a million times "a".
VECTORS = {
    b"": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    b"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    b"a" * 1_000_000: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
}


@pytest.mark.parametrize("content", VECTORS, ids=len)
def test_the_hash_agrees_with_the_standard(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    assert sha256_of(tmp_path / "file") == VECTORS[content]


def test_a_record_holds_role_place_size_hash_and_origin(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(b"abc")
    record = file_record("incident", path, source="https://publisher/file.csv", is_sample=True)
    assert record.as_dict() == {
        "name": "incident",
        "path": str(path),
        "bytes": 3,
        "sha256": VECTORS[b"abc"],
        "source": "https://publisher/file.csv",
        "is_sample": True,
    }


def test_a_file_that_is_not_there_is_no_record(tmp_path):
    with pytest.raises(FileNotFoundError):
        file_record("incident", tmp_path / "gone.csv")
