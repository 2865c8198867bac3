from __future__ import annotations

from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.store.address import HistoryError
from readiness.store.junit_file import read_junit, time_of
from readiness.store.past_run import TestRun

PYTEST = """<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="2" tests="6" time="0.1"
 timestamp="2026-03-01T12:00:00.123456+02:00" hostname="ci">
<testcase classname="tests.test_a.TestB" name="test_ok[1-x]" file="tests/test_a.py" line="3" time="0.001"/>
<testcase classname="tests.test_a" name="test_bad" time="0.002"><failure message="assert 1 == 2">tests/test_a.py:9
E assert 1 == 2</failure></testcase>
<testcase classname="tests.test_a" name="test_bad" time="0.001"><error message="failed on teardown">x</error></testcase>
<testcase classname="tests.test_a" name="test_skip" time="0.0"><skipped type="pytest.skip" message="no"/></testcase>
<testcase classname="tests.test_a" name="test_known" time="0.0"><skipped type="pytest.xfail" message="bug"/></testcase>
</testsuite></testsuites>"""

SUREFIRE = """<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" name="com.x.FooTest" time="1,234.5" tests="4">
<properties><property name="java.version" value="21"/></properties>
<testcase name="good" classname="com.x.FooTest" time="1,234.5"/>
<testcase name="shaky" classname="com.x.FooTest" time="0.5"><flakyFailure message="timeout" type="E"><stackTrace>at x</stackTrace></flakyFailure>
<flakyError type="E">again</flakyError></testcase>
<testcase name="lost" classname="com.x.FooTest" time="n/a"><failure type="E">
  expected 1
  but was 2</failure><rerunFailure type="E">expected 1</rerunFailure></testcase>
<testcase name="off" classname="com.x.FooTest" time="0"><skipped/></testcase>
</testsuite>"""

GTEST = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="4" failures="1" disabled="1" timestamp="2026-03-01T10:00:00.5" name="AllTests">
<testsuite name="Sum" tests="4" timestamp="2026-03-01T10:00:00.500">
<testcase name="Adds" file="sum_test.cc" line="7" status="run" result="completed" time="0.01" classname="Sum"/>
<testcase name="DISABLED_Later" status="notrun" result="suppressed" time="0." classname="Sum"/>
<testcase name="Skips" status="run" result="skipped" time="0." classname="Sum"><skipped message="x"><![CDATA[x]]></skipped></testcase>
<testcase name="Fails/0" value_param="1" file="sum_test.cc" line="9" status="run" result="completed" time="0.02" classname="All/Sum">
<failure message="sum_test.cc:9&#x0A;Expected equality" type=""><![CDATA[sum_test.cc:9]]></failure></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def read(tmp_path):
    def read(text: str | bytes):
        path = tmp_path / "j.xml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_junit(str(path), "j.xml")

    return read


def test_what_pytest_writes(read):
    found = read(PYTEST)
    assert found.at == "2026-03-01T10:00:00Z"
    assert found.tests == (
        TestRun("tests/test_a.py::TestB::test_ok[1-x]", "passed", 1, 0, 0.001),
        TestRun("tests.test_a::test_bad", "error", 0, 2, 0.003, "", "failed on teardown"),
        TestRun("tests.test_a::test_skip", "skipped", 0, 0, 0.0),
        TestRun("tests.test_a::test_known", "xfailed", 0, 0, 0.0),
    )


def test_what_surefire_writes(read):
    found = read(SUREFIRE)
    assert found.at == "", "it says no time"
    assert found.tests == (
        TestRun("com.x.FooTest::good", "passed", 1, 0, 1234.5),
        TestRun("com.x.FooTest::shaky", "flaky", 1, 2, 0.5, "", "timeout"),
        TestRun("com.x.FooTest::lost", "failed", 0, 2, None, "", "expected 1"),
        TestRun("com.x.FooTest::off", "skipped", 0, 0, 0.0),
    )


def test_what_googletest_writes(read):
    found = read(GTEST)
    assert found.at == "2026-03-01T10:00:00Z", "without a zone it is UTC"
    assert [(one.test, one.outcome) for one in found.tests] == [
        ("Sum::Adds", "passed"),
        ("Sum::DISABLED_Later", "skipped"),
        ("Sum::Skips", "skipped"),
        ("All/Sum::Fails/0", "failed"),
    ]
    assert (found.tests[3].place, found.tests[3].message) == (
        "sum_test.cc:9",
        "sum_test.cc:9\nExpected equality",
    )


LAUGHS = "".join(f'<!ENTITY l{n} "{"&l" + str(n - 1) + ";" if n else "ha"}">' * 1 for n in range(9))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"<!DOCTYPE x [{LAUGHS}]>\n<testsuite>&l8;</testsuite>", "j.xml:1: it declares a document type"),
        ('\n<!DOCTYPE a SYSTEM "file:///etc/passwd"><testsuite/>', "j.xml:2: it declares a document type"),
        (
            '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1:9/x"> %b;]><testsuite/>',
            "declares a document type",
        ),
        ("<testsuite>&unknown;</testsuite>", "j.xml:1: it is not XML: undefined entity"),
        ("<html><body/></html>", "j.xml:1: it is no JUnit file: it begins with <html>"),
        ("<testsuite>\n<testcase name='a'>", "j.xml:2: it is not XML: no element found"),
        ("", "j.xml:1: it is not XML"),
        (b"\x00\xff\xfe not xml", "it is not XML"),
        ("<testsuites><testsuite tests='0'/></testsuites>", "it holds no test case"),
        ("<testsuite>" + "<testsuite>" * 70, "nests deeper than 64 levels"),
    ],
)
def test_hostile_and_broken_files_are_refused(read, text, told):
    with pytest.raises(HistoryError) as caught:
        read(text)
    assert told in str(caught.value)


def test_a_file_larger_than_the_bound_is_refused(read, monkeypatch):
    monkeypatch.setattr("readiness.store.junit_file.MOST_BYTES", 100)
    with pytest.raises(HistoryError, match="larger than"):
        read(PYTEST)


def test_other_encodings_are_read(read):
    text = '<testsuite><testcase name="tést" time="-1"/></testsuite>'
    for encoding in ("utf-16", "latin-1"):
        head = f'<?xml version="1.0" encoding="{encoding}"?>'
        assert read((head + text).encode(encoding)).tests == (TestRun("tést", "passed", 1, 0, None),)


printable = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=20)


@given(name=printable, said=printable)
def test_any_name_and_message_come_back_as_they_were(tmp_path_factory, name, said):
    path = tmp_path_factory.mktemp("j") / "j.xml"
    path.write_text(
        f"<testsuite><testcase name={quoteattr(name)}><failure message={quoteattr(said)}/></testcase></testsuite>"
    )
    assert read_junit(str(path), "j").tests == (TestRun(name, "failed", 0, 1, None, "", said),)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T12:00:00-05:00", "2026-01-31T17:00:00Z"),
        ("yesterday", ""),
        ("0001-01-01T00:00:00+14:00", ""),
        ("", ""),
    ],
)
def test_times_are_kept_in_one_form(text, found):
    assert time_of(text) == found
