"""`scripts/build_samples`: readable words out of the source's, on hand-made rows."""

import csv
import gzip
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


groceries, restaurants = script("sample_groceries"), script("sample_restaurants")


@pytest.mark.parametrize(
    ("category", "raw", "readable"),
    [
        ("EGGS", "EGGS - LARGE", "Eggs, large"),
        ("CHEESES", "CHEESE: NATURAL BULK", "Cheese, natural bulk"),
        ("APPLES", "APPLES GALA (BULK&BAG)", "Apples, Gala"),
        ("ICE CREAM/MILK/SHERBTS", "PREMIUM", "Ice cream, premium"),  # the type alone says nothing
        ("PORK", "MARINATED PORK", "Marinated pork"),  # the noun is there already
        ("COLD CEREAL", "FRUIT DRINKS: CANNED & GLASS (", "Fruit drinks, cans and glass"),  # a cut bracket
        ("FROZEN PIZZA", "", "Frozen pizza"),
    ],
)
def test_product_types(category, raw, readable):
    assert groceries.type_name(category, raw) == readable


@pytest.mark.parametrize(
    ("raw", "department", "readable"),
    [
        ("16 OZ", "GROCERY", "16 oz"),
        ("L    16 OZ", "GROCERY", "16 oz"),
        ("A D   1 DZ", "GROCERY", "1 dozen"),
        (".5 L", "GROCERY", "0.5 L"),
        ("14.0 OZ", "GROCERY", "14 oz"),
        ("1/2 GAL", "GROCERY", "1/2 gal"),
        ("6/3.5 OZ", "GROCERY", "6 x 3.5 oz"),
        ("6 PK/8 OZ", "GROCERY", "6 pack of 8 oz"),
        ("CTN", "GROCERY", ""),
        ("", "GROCERY", ""),
        ("40 LB", "PRODUCE", ""),  # a crate of bananas, not what is sold
        ("3 LB", "PRODUCE", "3 lb"),
    ],
)
def test_package_sizes(raw, department, readable):
    assert groceries.size_name(raw, department) == readable


def test_titles_say_only_what_tells_products_apart():
    butter, salt = ("Grocery", "Butter", "Butter", "1 lb"), ("Grocery", "Spices", "Salt", "")
    keys = [
        ("Grocery", "national brand", *butter[1:]),
        ("Grocery", "store brand", *butter[1:]),
        ("Grocery", "store brand", *salt[1:]),
    ]
    assert list(groceries.titles_of(keys).values()) == ["Butter, 1 lb", "Butter, 1 lb, store brand", "Salt"]


@pytest.mark.parametrize(
    ("raw", "readable"),
    [
        ("TACOS EL GUERO", "Tacos el Guero"),
        ("la parroquia", "La Parroquia"),
        ("KFC", "KFC"),
        ("Taqueria EL amigo ", "Taqueria el Amigo"),
        ("McDonalds Centro", "McDonalds Centro"),
    ],
)
def test_restaurant_names(raw, readable):
    assert restaurants.title_of({"placeID": "1", "name": raw}) == readable


@pytest.mark.parametrize(
    ("raw", "readable"),
    [
        ("Fast_Food", "Fast food"),
        ("Latin_American", "Latin American"),
        ("Bar_Pub_Brewery", "Pub"),
        ("Tex-Mex", "Tex-Mex"),
    ],
)
def test_cuisines(raw, readable):
    assert restaurants.cuisine_name(raw) == readable


@pytest.mark.parametrize(
    ("city", "latitude", "longitude", "readable"),
    [
        ("san luis potosi", "0", "0", "San Luis Potosi"),
        ("Cd. Victoria", "0", "0", "Ciudad Victoria"),
        ("", "18.9", "-99.2", "Cuernavaca"),
        ("s.l.p.", "22.15", "-100.98", "San Luis Potosi"),
        ("", "19.35", "-99.13", ""),  # 50 km from Cuernavaca
    ],
)
def test_cities(city, latitude, longitude, readable):
    assert restaurants.city_of(city, latitude, longitude) == readable


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ({"Mon": "08:00-16:00", "Sat": "00:00-00:00", "Sun": "00:00-00:00"}, ["morning"]),
        ({"Mon": "13:00-22:30", "Sat": "13:00-23:30"}, ["Saturday", "evening", "evening", "late evening"]),
        ({"Mon": "00:00-23:30"}, ["day and night"]),
        ({"Mon": "18:00-02:00"}, ["evening", "late evening"]),  # past midnight
        ({"Mon": "00:00-00:00", "Sun": "00:00-00:00"}, []),  # not known
        ({}, []),
    ],
)
def test_opening_times(hours, words):
    assert restaurants.opening_times(hours) == words


PRODUCTS = [
    # product, maker, department, brand, category, type, size
    ("1", "9", "GROCERY", "National", "EGGS", "EGGS - LARGE", "1 DZ"),
    (
        "2",
        "9",
        "GROCERY",
        "National",
        "EGGS",
        "EGGS - LARGE",
        "L     1 DZ",
    ),  # the same words: one item with 1
    ("3", "9", "GROCERY", "Private", "EGGS", "EGGS - LARGE", "1 DZ"),
    ("4", "9", "FUEL", "Private", "COUPON/MISC ITEMS", "GASOLINE-REG UNLEADED", ""),
]
LINES = [
    # household, product, quantity, paid, time
    ("7", "1", "1.0", "2.00", "2017-03-01 10:00:05"),
    ("7", "2", "2.0", "6.00", "2017-03-01 10:00:59"),  # the same minute and item: added up
    ("7", "1", "1.0", "2.50", "2017-03-02 10:00:00"),
    ("8", "3", "1.0", "1.00", "2017-03-01 11:00:00"),
    ("8", "4", "9.0", "9.00", "2017-03-01 11:00:00"),  # petrol is left out
    ("8", "1", "0.0", "0.00", "2017-03-01 11:00:00"),  # nothing was bought
    ("8", "1", "1.0", "0.00", "2017-03-01 11:00:00"),  # it was given away
]


def write_source(folder: Path) -> None:
    folder.mkdir()
    product_names = "product_id manufacturer_id department brand product_category product_type package_size"
    line_names = "household_id product_id quantity sales_value transaction_timestamp"
    for name, header, rows in (
        ("products.csv.gz", product_names, PRODUCTS),
        ("transactions_sample.csv.gz", line_names, LINES),
    ):
        with gzip.open(folder / name, "wt", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header.split(), *rows])


def test_groceries_are_joined_and_added_up(tmp_path):
    write_source(tmp_path / "source")
    built = groceries.build(tmp_path / "source")
    eggs = {"department": "Grocery", "category": "Eggs"}
    assert built["items.csv"] == [
        # prices 2.00, 6.00 / 2 and 2.50: the median is 2.50
        {"item_id": "1", "title": "Eggs, large, 1 dozen", **eggs, "brand": "national brand", "price": "2.50"},
        {
            "item_id": "3",
            "title": "Eggs, large, 1 dozen, store brand",
            **eggs,
            "brand": "store brand",
            "price": "1.00",
        },
    ]
    assert [tuple(row.values()) for row in built["purchases.csv.gz"]] == [
        ("7", "1", "buy", "3", "2017-03-01 10:00"),
        ("7", "1", "buy", "1", "2017-03-02 10:00"),
        ("8", "3", "buy", "1", "2017-03-01 11:00"),
    ]


def test_a_missing_source_folder_is_named(tmp_path):
    result = subprocess.run(
        [sys.executable, str(SCRIPTS / "build_samples"), str(tmp_path), "--out", str(tmp_path / "out")],
        capture_output=True,
        check=False,
        text=True,
    )
    assert result.returncode == 1
    assert result.stderr == f"build_samples: {tmp_path / 'uci-restaurant'} is not there.\n"
    assert not (tmp_path / "out").exists()
