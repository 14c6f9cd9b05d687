"""How a file is to be read, found out from its name and its bytes."""

import pytest

from mlopsc.diagnostics.errors import MlopscError, UsageError
from mlopsc.profiling.nulls import null_words
from mlopsc.profiling.reading import source_of
from mlopsc.runtime.sources.found import SourceFile


@pytest.fixture
def write(tmp_path):
    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return SourceFile(path, name)

    return write


def read(file, encoding=None):
    return source_of(file, file.label, encoding)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_cuts_all_lines_alike(write, delimiter):
    rows = ["a b{0}c{0}d", "1,5{0}x; y{0}2", "2{0}z{0}3"]
    text = "\n".join(row.format(delimiter) for row in rows)
    if delimiter in ",;":
        text = text.replace("1,5", "15").replace("x; y", "x y")
    assert read(write("t.txt", text)).delimiter == delimiter


def test_a_delimiter_inside_quotes_does_not_count(write):
    assert read(write("t.csv", 'a;b\n"1,2,3";4\n"5,6,7";8\n')).delimiter == ";"


def test_one_column_is_a_table_too(write):
    assert read(write("t.csv", "a\n1\n2\n")).delimiter == ","


def test_formats_are_known_by_name_or_first_bytes(write):
    assert read(write("t.jsonl", '{"a": 1}\n')).type == "jsonl"
    assert read(write("t.data", b"PAR1....")).type == "parquet"
    assert read(write("t.data", "a,b\n1,2\n")).type == "csv"


def test_utf_16_is_known_by_its_mark(write):
    source = read(write("t.csv", "a;b\n1;2\n".encode("utf-16")))
    assert (source.encoding, source.delimiter) == ("utf-16", ";")


def test_a_byte_that_is_not_utf_8_is_told_with_its_line_and_the_option(write):
    file = write("t.csv", "name,n\nJos\xe9,1\n".encode("latin-1"))
    with pytest.raises(MlopscError, match="line 2: the byte 0xe9 is not UTF-8") as caught:
        read(file)
    assert "--encoding latin-1" in caught.value.help
    assert read(file, "latin-1").encoding == "latin-1"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("t.csv", "", "t.csv is empty"),
        ("t.csv", " \n\n", "t.csv is empty"),
        ("t.csv", b"a,b\n\0\0,1\n", "holds null bytes"),
    ],
)
def test_what_is_no_table_is_refused(write, name, data, message):
    with pytest.raises(MlopscError, match=message):
        read(write(name, data))


def test_a_format_that_no_source_reads_is_refused_with_the_way_out(write):
    with pytest.raises(UsageError, match=r"no source reads \.xlsx files") as caught:
        read(write("t.xlsx", b"PK\x03\x04"))
    assert caught.value.help == "export the sheet as CSV"


def test_blanks_among_numbers_are_nulls(write):
    file = write("t.csv", "n,text\n1,a\n ,b\n3,c\n")
    assert null_words(read(file), [file]) == {" ": ("n",)}


def test_a_vague_word_is_null_among_numbers_and_a_category_among_texts(write):
    file = write("t.csv", "n,alley,m\n1,None,-\n-,paved,2\n3,None,4\n")
    assert null_words(read(file), [file]) == {"-": ("n", "m")}


def test_a_clear_word_is_null_everywhere(write):
    file = write("t.csv", "n,sex\nNA,male\n2,NA\n3,female\n")
    assert null_words(read(file), [file]) == {"NA": ("n", "sex")}


def test_a_file_without_such_words_has_none(write):
    file = write("t.csv", "n,text\n1,a\n,b\n")
    assert null_words(read(file), [file]) == {}
