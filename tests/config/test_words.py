"""Text that Hydra's grammar cannot read is read as it is typed, or refused with the quoted form to type."""

import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from npc.config.words import readable
from npc.errors import InputError

TYPABLE = st.characters(exclude_categories=["Cs"])


def read(*words: str) -> list[object]:
    """The values that Hydra reads."""
    return [override.value() for override in OverridesParser.create().parse_overrides(readable(words))]


@given(st.text(TYPABLE).map(str.strip).filter(lambda text: text.lower() != "null" and not set(text) & set("'\"$\\[{")))
def test_a_key_of_text_has_the_text_that_was_typed(text):
    assert read(f"cohort.name={text}") == [text]


@given(st.text(TYPABLE))
def test_quoted_text_keeps_what_the_quotes_hold(text):
    from hydra.core.override_parser.types import Quote, QuotedString

    assert read(f"cohort.root={QuotedString(text, Quote.double).with_quotes()}") == [text]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("cohort.root=/data/Hospital (A)/x y", "/data/Hospital (A)/x y"),
        ("cohort.root=C:\\data\\Süd", "C:\\data\\Süd"),
        ("cohort.development=1e3", "1e3"),  # a hospital, not a number
        ("cohort.development=1_000", "1_000"),
        ("cohort.development=true", "true"),
        ("cohort.development=null", None),
        (r"cohort.root=\\server\share\a\,b", r"\\server\share\a\,b"),
        ("cohort.name=${sequence}", "${sequence}"),
        ("cohort.clinical.age.label=Größe, cm", "Größe, cm"),
        ("cohort=我们", "我们"),
        ("cohort.sequences=[cet1, Köln (x)]", ["cet1", "Köln (x)"]),
        ("cohort.sequences=[cet1,t2]", ["cet1", "t2"]),
        ("+cohort.exclude={P1: zurückgezogen, P2: moved (twice)}", {"P1": "zurückgezogen", "P2": "moved (twice)"}),
        ("+cohort.exclude={P1:zurückgezogen}", {"P1": "zurückgezogen"}),
        ("hydra.searchpath=[file:///data/Süd x]", ["file:///data/Süd x"]),
        ("optimizer={'lr': 0.1}", {"lr": 0.1}),  # as W&B's agent writes a nested parameter
        ("optimizer.lr=1e-4", 1e-4),
        ("batch_size=8", 8),
    ],
)
def test_a_value_is_read_as_it_is_meant(word, value):
    assert read(word) == [value]


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("+cohort.exclude.17=moved", "+cohort.exclude.17=moved"),
        ("+cohort.exclude={17: moved}", "+cohort.exclude.17='moved'"),
        ("+cohort.exclude={17: moved, 007: moved}", "+cohort.exclude.17='moved' +cohort.exclude={007:'moved'}"),
        ("+cohort.exclude.007=moved", "+cohort.exclude={007:moved}"),
        ("+cohort.clinical.ebv={kind: continuous}", "+cohort.clinical={ebv:{kind: continuous}}"),
        ("+cohort.clinical.ebv.kind=binary", "+cohort.clinical={ebv:{kind:binary}}"),
        ("+cohort.clinical.ebv.label=EBV (DNA)", "+cohort.clinical={ebv:{label:'EBV (DNA)'}}"),
        ("+optimizer.options.weight_decay=0.1", "+optimizer.options.weight_decay=0.1"),
        ("~cohort.clinical.age", "~cohort.clinical.age"),
        ("--config-dir=ä", "--config-dir=ä"),
        ("-m", "-m"),
    ],
)
def test_an_entry_of_a_dictionary_has_the_form_that_can_be_read(word, form):
    assert " ".join(readable([word])) == form


def test_a_dictionary_is_emptied_before_it_is_filled():
    assert readable(["cohort.clinical=null"]) == ["cohort.clinical=null"]
    assert readable(["cohort.clinical=null", "+cohort.clinical.x.kind=binary"])[0] == "cohort.clinical=???"


def test_a_comma_separates_jobs_of_a_multirun_only():
    assert readable(["cohort.name=a,b"], multirun=True) == ["cohort.name=a,b"]
    assert readable(["cohort.name=a,b"]) == ["cohort.name='a,b'"]


@pytest.mark.parametrize(
    ("word", "typed"),
    [
        ("cohort.sequences=[a, b", 'cohort.sequences=["a", "b"]'),
        ("cohort.name='x", 'cohort.name="x"'),
        ("cohort.sequences=[&a, b]", 'cohort.sequences=["&a", "b"]'),
    ],
)
def test_what_has_several_meanings_is_refused_with_the_form_to_type(word, typed):
    with pytest.raises(InputError) as refused:
        readable([word])
    assert shlex.quote(typed) in str(refused.value)
    assert read(typed)


@pytest.mark.parametrize("word", ["+cohort.exclude.病人=moved", "+cohort.exclude.1.5=moved", "+cohort.exclude={病: ä}"])
def test_a_name_that_no_form_can_have_is_refused(word):
    with pytest.raises(InputError, match="a config file of your own"):
        readable([word])


def test_all_unreadable_words_are_reported_at_once():
    with pytest.raises(InputError) as refused:
        readable(["cohort.name='x", "seed=1", "cohort.root=\udcff"])
    assert len(refused.value.faults) == 2
