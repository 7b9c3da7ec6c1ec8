"""The bundled samples: the files as they are on disk, and the data sets that come out of them."""

import csv
import gzip
import io
from collections import Counter

import pytest

from fewrec import samples
from fewrec.errors import ConfigError


def table(sample: str, name: str) -> list[dict[str, str]]:
    data = (samples.path(sample) / name).read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def column(rows: list[dict[str, str]], name: str) -> list[str]:
    return [row[name] for row in rows]


ALL_FILES = [(name, file.name) for name in samples.names() for file in sorted(samples.path(name).iterdir())]


def test_every_sample_has_its_files():
    assert ALL_FILES == [
        ("groceries", "items.csv"),
        ("groceries", "purchases.csv.gz"),
        ("restaurants", "items.csv"),
        ("restaurants", "ratings.csv"),
        ("restaurants", "users.csv"),
    ]


def test_an_unknown_sample_lists_those_there_are():
    with pytest.raises(ConfigError) as caught:
        samples.path("films")
    assert str(caught.value) == (
        "fewrec.samples.path: There is no sample 'films'.\nChoose one of: groceries, restaurants."
    )


@pytest.mark.parametrize("name", ["", ".", "..", "../data", "/"])
def test_a_name_is_never_a_way_out_of_the_folder(name):
    with pytest.raises(ConfigError, match="There is no sample"):
        samples.path(name)


def test_the_samples_are_small_and_carry_their_attribution():
    sizes = {
        name: sum(file.stat().st_size for file in samples.path(name).iterdir()) for name in samples.names()
    }
    assert sizes["groceries"] < 500_000
    assert sum(sizes.values()) < 1_000_000
    attribution = (samples.path("groceries").parent / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for words in ("CC BY 4.0", "CC0 1.0", "Rafael Ponce Medellín", "84.51°", "Changes made here"):
        assert words in attribution


@pytest.mark.parametrize(("sample", "name"), ALL_FILES)
def test_cells_are_clean(sample, name):
    for row in table(sample, name):
        for cell in row.values():
            assert cell == cell.strip()
            assert cell != "?"
            assert not set(cell) & set("_Ã�")


@pytest.mark.parametrize("sample", ["restaurants", "groceries"])
def test_ids_and_titles_are_unique(sample):
    items = table(sample, "items.csv")
    for name in ("item_id", "title"):
        assert [value for value, n in Counter(column(items, name)).items() if n > 1] == []
    assert all(column(items, "title"))


def test_restaurants_keep_every_row_of_the_source():
    items, users, ratings = (table("restaurants", f"{name}.csv") for name in ("items", "users", "ratings"))
    assert (len(items), len(users), len(ratings)) == (130, 138, 1161)
    # Counted in the source: 254 zeros, 421 ones, 486 twos; no person rated a place twice.
    assert Counter(column(ratings, "rating")) == {"0": 254, "1": 421, "2": 486}
    assert len({(row["user_id"], row["item_id"]) for row in ratings}) == 1161
    assert set(column(ratings, "user_id")) == set(column(users, "user_id"))
    assert set(column(ratings, "item_id")) == set(column(items, "item_id"))


def test_restaurants_have_readable_values():
    items = {row["item_id"]: row for row in table("restaurants", "items.csv")}
    # By hand from the source: "RincÃ³n" there, ambience "familiar" (Spanish for family), area "open".
    assert items["132845"]["title"] == "Cenaduria El Rincón de Tlaquepaque"
    assert items["135106"] == {
        "item_id": "135106",
        "title": "El Rincón de San Francisco, Universidad",
        "cuisine": "Mexican",
        "price": "medium",
        "ambience": "family",
        "area": "terrace",
        "alcohol": "wine and beer",
        "smoking": "smoking at the bar",
        "dress_code": "informal",
        "accessibility": "partly accessible",
        "parking": "no parking",
        "payment": "cash|Mastercard|Visa",
        "open": "evening|late evening|Saturday|Sunday",  # 18:00-23:30, on Sunday to 21:00
        "services": "",
        "kind": "independent",
        "city": "San Luis Potosi",
    }
    assert Counter(column(list(items.values()), "area")) == {"indoors": 115, "terrace": 15}
    assert Counter(column(list(items.values()), "ambience")) == {"family": 121, "quiet": 9}


def test_groceries_join_up():
    items, purchases = table("groceries", "items.csv"), table("groceries", "purchases.csv.gz")
    assert (len(items), len(purchases), len(set(column(purchases, "user_id")))) == (2000, 26883, 400)
    assert set(column(purchases, "item_id")) == set(column(items, "item_id"))
    assert set(column(purchases, "event")) == {"buy"}
    assert min(column(purchases, "time")) >= "2017-01-01 00:00"
    assert max(column(purchases, "time")) < "2018-01-02"
    assert min(int(quantity) for quantity in column(purchases, "quantity")) == 1
    assert all(0 < float(price) < 100 for price in column(items, "price"))


def test_groceries_have_readable_titles():
    items = {row["title"]: row for row in table("groceries", "items.csv")}
    assert items["Bananas"]["category"] == "Tropical fruit"
    assert items["Yogurt, not multi-packs, 6 oz"]["brand"] == "national brand"
    assert items["Yogurt, not multi-packs, 6 oz, store brand"]["brand"] == "store brand"
    assert not any(title.isupper() for title in items)
    # A comma in a category would make a list of it.
    assert not any("," in row["category"] for row in items.values())
    assert not {"Fuel", "Coupon"} & {row["department"] for row in items.values()}


def test_restaurants_as_a_data_set():
    data = samples.restaurants()
    assert (len(data.items), len(data.users), len(data.interactions.value)) == (130, 138, 1161)
    assert data.feedback.kind == "explicit"
    assert data.feedback.scale == (0, 2)
    assert data.titles[data.items.index(135106)] == "El Rincón de San Francisco, Universidad"
    assert data.history("U1077")[135085] == 2  # the first row of the source
    names = set(data.item_features[1])
    assert {"cuisine: Mexican", "area: terrace", "ambience: quiet", "payment: Visa"} <= names
    assert {"budget: low", "city: Cuernavaca"} <= set(data.user_features[1])


def test_groceries_as_a_data_set():
    data = samples.groceries()
    assert (len(data.items), len(data.users)) == (2000, 400)
    assert data.feedback.kind == "implicit"
    assert data.interactions.liked.all()
    assert data.interactions.count.sum() == 26883
    # 2017-01-01 and 2018-01-02 in unix seconds, read as UTC
    assert data.interactions.time.min() >= 1483228800
    assert data.interactions.time.max() < 1514851200
