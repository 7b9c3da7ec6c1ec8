"""Conditions that cannot be read: the exact message, and nothing that is not of the error family."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fewrec.errors import ConfigError, FewrecError
from fewrec.rank import where_mask

ITEMS = {
    "price": [10, 25, None],
    "cuisine": ["Mexican", ["Thai", "Latin"], None],
    "city": ["A", "B", "C"],
    "vegan": [True, False, None],
    "opening hours": ["late", "early", None],
}
EXAMPLE = 'Write conditions like price < 20 and cuisine == "Mexican" and city in ["A", "B"].'
ALL = "Columns: 'price', 'cuisine', 'city', 'vegan', 'opening hours'. A text stands in quotes."


def told(where, items=ITEMS):
    with pytest.raises(ConfigError) as caught:
        where_mask(where, items, len(next(iter(items.values()), [])))
    assert caught.value.exit_code == 4
    return str(caught.value)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("", f"the condition is empty.\n{EXAMPLE}"),
        (" \n", f"the condition is empty.\n{EXAMPLE}"),
        ("prise < 20", "the items have no column 'prise'.\nNearest columns: 'price'."),
        ("PRICE < 20", "the items have no column 'PRICE'.\nNearest columns: 'price'."),
        ("opening_hours == 'late'", "the items have no column 'opening_hours'.\n"
                                    "Nearest columns: 'opening hours'."),
        ("city == Berlin", f"the items have no column 'Berlin'.\n{ALL}"),
        ("vegan == true", "the items have no column 'true'.\nWrite True, False or None."),
        ("city == null", "the items have no column 'null'.\nWrite True, False or None."),
        (
            "price < '20'",
            "column 'price' holds numbers (10, 25), which cannot be compared with '20'.\n"
            "Numbers, True and False stand without quotes.",
        ),
        (
            "city < 20",
            "column 'city' holds text ('A', 'B', 'C'), which cannot be compared with 20.\n"
            "Texts stand in quotes, such as city == 'A'.",
        ),
        (
            "vegan == 'yes'",
            "column 'vegan' holds yes or no (True, False), which cannot be compared with 'yes'.\n"
            "Numbers, True and False stand without quotes.",
        ),
        (
            "city in ['A', 3]",
            "column 'city' holds text ('A', 'B', 'C'), which cannot be compared with 3.\n"
            "Texts stand in quotes, such as city == 'A'.",
        ),
        (
            "contains(price, 'x')",
            "column 'price' holds numbers (10, 25), which cannot be compared with 'x'.\n"
            "Numbers, True and False stand without quotes.",
        ),
        (
            "price < None",
            "nothing is < None.\nWrite price == None for items without it, price != None for the others.",
        ),
        ("city", "column 'city' holds text ('A', 'B', 'C'), so it is no condition by itself.\n"
                 "Compare it with something, such as city == 'A'."),
        ("price", "column 'price' holds numbers (10, 25), so it is no condition by itself.\n"
                  "Compare it with something, such as price == 10."),
        ("True", f"True is no condition by itself.\n{EXAMPLE}"),
        ("['A']", f"['A'] is no condition by itself.\n{EXAMPLE}"),
        ("'price' < 20", "'price' < 20 compares nothing of the items.\n"
                         "Column names stand without quotes, texts in quotes."),
        ("1 < 2", "1 < 2 compares nothing of the items.\n"
                  "Column names stand without quotes, texts in quotes."),
        ("price < city", f"columns 'price' and 'city' cannot be compared with each other.\n{EXAMPLE}"),
        ("city in vegan", f"columns 'city' and 'vegan' cannot be compared with each other.\n{EXAMPLE}"),
        ("city in 'AB'", "in needs a list, not 'AB'.\n"
                         "Write city in ['AB'], or contains(city, ...) for a part of a text."),
        ("price is 10", "is goes with None only.\nWrite ==."),
        ("price is not 'x'", "is not goes with None only.\nWrite !=."),
        ("city == ['A']", "== cannot be used with a list.\nWrite city in ['A']."),
        ("['A'] in city", "in cannot look for a list.\n" + EXAMPLE),
        ("city in [['A']]", f"a list holds texts, numbers, True, False and None only.\n{EXAMPLE}"),
        ("city in [vegan]", f"a list holds texts, numbers, True, False and None only.\n{EXAMPLE}"),
        ("price = 20", "the condition cannot be read from '= 20' on.\nWrite == for equality."),
        ("vegan & price < 20", "the condition cannot be read from '& price < 20' on.\nWrite and."),
        ("vegan || vegan", "the condition cannot be read from '|| vegan' on.\nWrite or."),
        ("!vegan", "the condition cannot be read from '!vegan' on.\nWrite not, or != for unequal."),
        ("city == 'A", "the condition cannot be read from \"'A\" on.\nA quote is not closed."),
        ('city == "A', "the condition cannot be read from '\"A' on.\nA quote is not closed."),
        ("`opening hours == 'late'", "the condition cannot be read from \"`opening hours == 'late'\" on.\n"
                                     "A backtick is not closed."),
        ("price < 20 AND vegan", "the condition cannot be read from 'AND vegan' on.\n"
                                 "Write and, or, not, in with small letters."),
        ("(price < 20", "the condition cannot be read from '(price < 20' on.\nA bracket is not closed."),
        ("price < 20)", f"the condition cannot be read from ')' on.\n{EXAMPLE}"),
        ("price <", f"the condition stops too early.\n{EXAMPLE}"),
        ("price < 20 and", f"the condition stops too early.\n{EXAMPLE}"),
        ("opening hours == 'late'", f"the condition cannot be read from \"hours == 'late'\" on.\n{EXAMPLE}"),
        ("price < 20 20", f"the condition cannot be read from '20' on.\n{EXAMPLE}"),
        ("price<20and vegan", f"the condition cannot be read from '20and vegan' on.\n{EXAMPLE}"),
        ("price < 1.2.3", f"the condition cannot be read from '1.2.3' on.\n{EXAMPLE}"),
        ("city == 'A' 'B'", f"two texts stand side by side from \"'A' 'B'\" on.\n{EXAMPLE}"),
        ('city == """A"""', "two texts stand side by side from '\"\"\"A\"\"\"' on.\n" + EXAMPLE),
        ("price - 1 < 3", "there is no arithmetic in conditions.\n"
                          "A column name with other signs stands in `backticks`."),
        ("-city < 3", f"a sign stands before a number only.\n{EXAMPLE}"),
        ("price < --3", f"a sign stands before a number only.\n{EXAMPLE}"),
        ("price < -True", f"a sign stands before a number only.\n{EXAMPLE}"),
        ("(price < 3) == (price < 4)", 
         f"a condition cannot hold a comparison inside a comparison.\n{EXAMPLE}"),
        ("(vegan and vegan) == True", 
         f'a condition cannot hold "and" or "or" inside a comparison.\n{EXAMPLE}'),
        ("(not vegan) == True", f'a condition cannot hold "not" inside a comparison.\n{EXAMPLE}'),
        ("price if vegan else city", f'a condition cannot hold "if".\n{EXAMPLE}'),
        ("[x for x in city]", f'a condition cannot hold "for".\n{EXAMPLE}'),
        ("price[0] == 1", f"a condition cannot hold [ ] behind a name.\n{EXAMPLE}"),
        ("(await city) == 1", f"a condition cannot hold this.\n{EXAMPLE}"),
        ("contains('x', city)", 'contains takes a column and a text.\nWrite contains(title, "river").'),
        ("contains(city)", 'contains takes a column and a text.\nWrite contains(title, "river").'),
        ("contains(city, vegan)", 'contains takes a column and a text.\nWrite contains(title, "river").'),
        ("contains(city, 3)", 'contains takes a column and a text.\nWrite contains(title, "river").'),
        ("contains(city, 'a') == True", "contains(...) is not used like this.\n"
         'Write column("opening hours") == "late", or contains(title, "river").'),
        ("column(city) == 1", "column(...) is not used like this.\n"
         'Write column("opening hours") == "late", or contains(title, "river").'),
        ("`shoe size` == 1", f"the items have no column 'shoe size'.\n{ALL}"),
    ],
)  # fmt: skip
def test_the_exact_message(where, message):
    assert told(where) == f"where: {message}"


ATTACKS = [
    "__import__('os').system('true')",
    "().__class__.__bases__",
    "city.__class__ == 1",
    "`city`.__len__",
    "lambda: 1",
    "(lambda city: city)(1)",
    "open('x')",
    "eval('1')",
    "exec('1')",
    "print(city)",
    "globals()",
    "contains.__globals__",
    "contains(city, 'a', 'b')",
    "contains(city, *['a'])",
    "contains(**{'a': 1})",
    "contains(contains, 'x')",
    "column('city'.x) == 1",
    "f'{price}' == city",
    "b'A' == city",
    "rb'A' == city",
    "city == '%s' % price",
    "9**9**9**9 > price",
    "2 << 9999999999 > price",
    "price > 1e999",
    "price > " + "9" * 5000,
    "price > 0x" + "f" * 5000,
    "price > 1_0",
    "price > 1j",
    "price > ...",
    "(price := 3) > 2",
    "yield price",
    "city == 'A'; import os",
    "city == 'A' # comment",
    "city == \\\n'A'",
    "price < 20 if True else open('x')",
    "{city: 1}",
    "{'A'} == city",
    "city in {'A'}",
    "price @ 3",
    "~price",
    "price // 1 == 2",
    "[*city] == 1",
    "\0",
    "\ud800",
    "price\u200b < 3",
    "price\u202e < 3",
    "price < ²",
    "① < 3",
    "_ < 3",
    "None < 3",
    "None",
    "not",
    "is None",
    "price is 10",
    "price is city",
    "price is not 'x'",
    ",",
    "()",
    "[]",
    "(price < 20,)",
    "price < 20, vegan",
    "not " * 2400 + "vegan",
    "(" * 5000 + "vegan" + ")" * 5000,
    "(" * 31 + "vegan" + ")" * 31,
    "(not " * 20 + "not " * 20 + "vegan" + ")" * 20,
    "[" * 5000,
    "-" * 9000 + "1 < price",
    "price < 1" + " < price" * 1000 + "(",
    "contains(" * 1000,
    "vegan and " * 200_000 + "vegan",
    "'" + "a" * 1_000_000,
    "`" + "a" * 9_000,
    "a" * 1_000_000,
]


@pytest.mark.parametrize("where", ATTACKS, ids=range(len(ATTACKS)))
def test_attacks_are_refused_at_once(where):
    start = time.perf_counter()
    with pytest.raises(FewrecError) as caught:
        where_mask(where, ITEMS, 3)
    assert time.perf_counter() - start < 1
    assert len(str(caught.value)) < 400


def test_what_is_long_and_flat_is_read():
    assert where_mask("city in [" + "'A', " * 1500 + "'B']", ITEMS, 3).tolist() == [True, True, False]
    assert where_mask("vegan or " * 1000 + "vegan", ITEMS, 3).tolist() == [True, False, False]
    assert where_mask("(" * 30 + "vegan" + ")" * 30, ITEMS, 3).tolist() == [True, False, False]


PIECES = st.sampled_from(
    re.findall(
        r"\S+",
        "price city vegan `opening hours` contains column and or not in is if else for lambda await yield "
        "None True ( ) [ ] , . : = == != < <= > >= + - * ** / % & | ^ ~ @ ! 'A' \"B\" ' \" ` \\ # "
        "1 20.5 1e9 .5 0x1 f'x' { } ; _ 价格 ²",
    )
)
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(PIECES, max_size=14).map(" ".join),
    st.lists(PIECES, max_size=14).map("".join),
)


@given(TEXTS)
@settings(max_examples=500)
@example("price \x0c < 3")
@example("price < 3\r")
@example("'\\")
def test_any_text_gives_a_mask_or_an_error_of_the_family(where):
    told = "where: "
    try:
        assert where_mask(where, ITEMS, 3).shape == (3,)
    except ConfigError as error:
        told = str(error)
    assert told.startswith("where: ")


# -- dicts and functions


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"prise": 3}, "where: the items have no column 'prise'.\nNearest columns: 'price'."),
        ({3: 3}, f"where: the items have no column 3.\n{ALL}"),
        ({"city": 3}, "where: column 'city' holds text ('A', 'B', 'C'), which cannot be compared with 3.\n"
                      "Texts stand in quotes, such as city == 'A'."),
        ({"city": {"A": 1}}, "where: column 'city' cannot be compared with a dict.\n"
                             "Give a text, a number, True, False, None, or a list of these."),
        ({"city": ["A", ["B"]]}, "where: column 'city' cannot be compared with a list.\n"
                                 "Give a text, a number, True, False, None, or a list of these."),
        (3, "where: a condition cannot be of type int.\n"
            'Give text such as "price < 20", a dict {column: value or list}, or a function of a row.'),
        (lambda row: row["prise"] < 3,
         "where, item 1 of 3: the function failed with KeyError: 'prise'\n"
         "It was given the row {'price': 10, 'cuisine': 'Mexican', 'city': 'A', 'vegan': True, "
         "'opening hours': 'late'}. Missing cells are None."),
        (lambda row: row["price"] if row["vegan"] is None else True,
         "where, item 3 of 3: the function returned None instead of True or False."),
        (lambda row: 1, "where, item 1 of 3: the function returned 1 instead of True or False."),
    ],
)  # fmt: skip
def test_bad_dicts_and_functions(where, message):
    assert told(where) == message


def test_the_cause_of_a_failing_function_is_kept():
    with pytest.raises(ConfigError) as caught:
        where_mask(lambda row: row["price"] < 20, ITEMS, 3)
    assert str(caught.value).startswith(
        "where, item 3 of 3: the function failed with TypeError: '<' not supported"
    )
    assert isinstance(caught.value.__cause__, TypeError)


def test_without_columns():
    assert (
        told("price < 3", {}) == "where: the items have no column 'price'.\nThe items have no columns at all."
    )


def test_many_columns_are_not_all_listed():
    items = {f"quality {at}": [1] for at in range(30)}
    assert told("zzz == 1", items).endswith(" and 20 more. A text stands in quotes.")
