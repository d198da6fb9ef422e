"""[MS-OVBA] compression: what we write, an independent reader and pyOpenVBA both read back."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyopenvba import vba as second_reader

from sop_addin.excel.template.ovba import compress
from sop_addin.excel.template.sources import xlwings_text
from sop_addin.model.errors import WorkbookError

from .structure import decompress

words = st.sampled_from([b"Public Sub ", b"End Sub\r\n", b"    ", b"x", b"Application.", b"\x00\xff", b"aaaaaaaaaaaa"])


@given(st.one_of(st.binary(max_size=3500), st.lists(words, max_size=3000).map(b"".join)))
@example(b"")
@example(b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa")  # the specification's own example
@example(b"a" * 4096)
@example(b"a" * 4097)
@example(b"ab" * 6000)
def test_what_is_compressed_comes_back(data: bytes) -> None:
    assert decompress(compress(data)) == data


def test_the_reader_of_these_tests_takes_the_specifications_example() -> None:
    container = bytes.fromhex(
        "012FB000236161616263646582660070616768696A013808616B6C00306D6E6F700671027004107273747576107778797A003C"
    )
    assert decompress(container) == b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"


def test_a_long_real_module_shrinks_and_a_second_reader_agrees() -> None:
    data = xlwings_text("xlwings.bas").replace("\n", "\r\n").encode("cp1252")
    container = compress(data)
    assert len(data) > 40_000
    assert len(container) < len(data) / 2
    assert decompress(container) == data
    assert second_reader.decompress(container) == data


def test_data_that_does_not_shrink_is_refused() -> None:
    noise = random.Random(1).randbytes(4096)
    with pytest.raises(WorkbookError, match="does not look like text"):
        compress(noise)
