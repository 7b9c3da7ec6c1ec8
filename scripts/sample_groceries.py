"""The groceries sample: the busiest households and products of a year of receipts, with readable names."""

import csv
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median

Row = dict[str, str]
HOUSEHOLDS, PRODUCTS = 400, 2000

# The source shouts, abbreviates and cuts its names at 30 letters; sample_words.csv says what they mean.
# Its tables: categories and types (whole names), words (abbreviations inside a type), nouns (put before
# types such as "PREMIUM").
READABLE: dict[str, Row] = defaultdict(dict)
with Path(__file__).with_name("sample_words.csv").open(encoding="utf-8", newline="") as words_file:
    for table, raw_words, readable in list(csv.reader(words_file))[1:]:
        READABLE[table][raw_words] = readable

# Not goods that a shop recommends: petrol, coupons, deposits, services, tobacco.
LEFT_OUT_DEPARTMENTS = {
    "FUEL",
    "COUPON",
    "MISCELLANEOUS",
    "TRAVEL & LEISURE",
    "GM MERCH EXP",
    "AUTOMOTIVE",
    "CNTRL/STORE SUP",
    "PHOTO & VIDEO",
    "FROZEN GROCERY",
}
LEFT_OUT_CATEGORIES = {
    "",
    "CIGARETTES",
    "CIGARS",
    "TOBACCO OTHER",
    "COUPON/MISC ITEMS",
    "COUPONS/STORE & MFG",
    "BOTTLE DEPOSITS",
    "TICKETS",
    "IN-STORE PHOTOFINISHING",
    "OVERNIGHT PHOTOFINISHING",
    "PREPAID WIRELESS&ACCESSORIES",
    "FAMILY PLANNING",
    "ADULT INCONTINENCE",
    "FIREWORKS",
    "LONG DISTANCE CALLING CARDS",
    "DELI SUPPLIES",
    "MEAT SUPPLIES",
    "PROD SUPPLIES",
    "CONTINUITIES",
}
DEPARTMENTS = {
    "COSMETICS": "Cosmetics",
    "DELI": "Delicatessen",
    "DRUG GM": "Drugstore and household",
    "FLORAL": "Flowers and garden",
    "GARDEN CENTER": "Flowers and garden",
    "GROCERY": "Grocery",
    "MEAT": "Meat",
    "MEAT-PCKGD": "Packaged meat",
    "NUTRITION": "Natural foods",
    "PASTRY": "Bakery",
    "PRODUCE": "Fruit and vegetables",
    "RESTAURANT": "Ready meals",
    "CHEF SHOPPE": "Ready meals",
    "SALAD BAR": "Salad bar",
    "SEAFOOD": "Fish",
    "SEAFOOD-PCKGD": "Fish",
    "SPIRITS": "Spirits",
}
BRANDS = {"Private": "store brand", "National": "national brand"}
UNITS = {
    "CT": "ct",
    "DOZ": "dozen",
    "DZ": "dozen",
    "FT": "ft",
    "GA": "gal",
    "GAL": "gal",
    "IN": "in",
    "L": "L",
    "LB": "lb",
    "LD": "loads",
    "LOAD": "loads",
    "LOADS": "loads",
    "ML": "ml",
    "O": "oz",
    "OZ": "oz",
    "OZS": "oz",
    "PC": "pieces",
    "PCS": "pieces",
    "PK": "pack",
    "PT": "pint",
    "QT": "quart",
    "FL": "fl",
    "SQ": "sq",
}
# Types that start with their noun ("APPLES GALA"): a comma goes after it.
FIRST_NOUNS = re.compile(
    r"(APPLES|BEANS|CARROTS|CHERRIES|GRAPES|HERBS|MUSHROOMS|NECTARINES|ONIONS|ORANGES|PEACHES|PEARS|PEPPERS"
    r"|PINEAPPLE|POTATOES|SQUASH|TOMATOES|BROCCOLI|CANTALOUPE|CAULIFLOWER|WATERMELON|GARLIC|MARGARINE"
    r"|CARDS|GIFT-WRAP|PARTY|PIZZA(?=/))[ /]([A-Z].*)"
)
# Department, brand, category, type and size, in readable words: products that agree in all five are one item.
Key = tuple[str, str, str, str, str]


def read_rows(path: Path) -> list[Row]:
    """Returns the rows of one compressed source file, cells trimmed."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [{name: value.strip() for name, value in row.items()} for row in csv.DictReader(file)]


def size_name(raw: str, department: str) -> str:
    """Returns a package size as people write it ('16 OZ' -> '16 oz'), '' where it says nothing."""
    size = re.sub(r"^[A-Z]( D)?\s+(?=[\d.])|^\(\d+\) ", "", raw)  # "L    16 OZ": a letter of the source's own
    if not re.search(r"\d", size):
        return ""
    if department == "PRODUCE" and re.search(r"CT|\d\d[.\d]* LB", size):
        return ""  # the crate in which fruit comes to the shop, not what is sold
    size = re.sub(r"(?<![\d.])\.(\d)", r"0.\1", size)  # .5 -> 0.5
    size = re.sub(r"(\d)\.0+\b", r"\1", size)  # 14.0 -> 14
    size = re.sub(r"\b(\d+)\s*[/-]\s*(\d)", several, size)
    size = re.sub(r"\s*(?<=[A-Z])/\s*", " of ", size)  # 6 PK/8 OZ
    return " ".join(UNITS.get(word, word.lower()) for word in re.findall(r"[A-Z]+|[^A-Z\s]+", size))


def several(match: re.Match[str]) -> str:
    """Returns '6 x 3' for '6/3'; leaves fractions ('1/2', '7/8') and ranges ('14-18') alone."""
    first, second = match.groups()
    fraction = second in "248" and int(first) < int(second)
    return match.group() if fraction or ("-" in match.group() and len(first) > 1) else f"{first} x {second}"


def words_of(raw: str) -> str:
    """Returns source words in lower case with abbreviations spelt out and list signs as commas."""
    text = re.sub(r"\s*\([^)]*\)?", " ", raw)  # also a bracket that the source cut off
    text = re.sub(r"\s*&\s*", " and ", text.strip())
    text = re.sub(r"\s*:\s*|\s-\s|- ", ", ", text)
    if first := FIRST_NOUNS.match(text):
        text = f"{first.group(1)}, {first.group(2)}"
    text = re.sub(r"[A-Z]+", lambda word: READABLE["words"].get(word.group(), word.group().lower()), text)
    return re.sub(r"\s+", " ", text).strip(" ,.-")


def type_name(category: str, raw: str) -> str:
    """Returns what the product is: 'EGGS - LARGE' -> 'Eggs, large'; with the category's noun if needed."""
    name = READABLE["types"].get(raw) or words_of(raw) or category_name(category)
    noun = READABLE["nouns"].get(category, "")
    if noun and noun.lower().rstrip("s") not in name.lower():
        name = f"{noun}, {name}"
    return name[0].upper() + name[1:]


def category_name(raw: str) -> str:
    """Returns a readable category."""
    name = READABLE["categories"].get(raw) or words_of(raw)
    return name[0].upper() + name[1:]


def key_of(product: Row) -> Key:
    """Returns the readable description of one product."""
    return (
        DEPARTMENTS[product["department"]],
        BRANDS[product["brand"]],
        category_name(product["product_category"]),
        type_name(product["product_category"], product["product_type"]),
        size_name(product["package_size"], product["department"]),
    )


def titles_of(keys: list[Key]) -> dict[Key, str]:
    """Returns key -> title: type and size; where shared also brand, category, department in turn."""
    titles = {key: ", ".join(filter(None, key[3:])) for key in keys}
    for column in (1, 2, 0):
        sharing = defaultdict(set)
        for key, title in titles.items():
            sharing[title].add(key[column])
        for key, title in titles.items():
            if len(sharing[title]) > 1 and key[column] != "national brand":
                titles[key] = f"{title}, {key[column].lower()}"
    return titles


def build(source: Path) -> dict[str, list[Row]]:
    """Returns file name -> rows. Products that the source describes in the same words are one item."""
    products: dict[str, Key] = {}
    for row in read_rows(source / "products.csv.gz"):
        if row["department"] in LEFT_OUT_DEPARTMENTS or row["product_category"] in LEFT_OUT_CATEGORIES:
            continue
        products[row["product_id"]] = key_of(row)
    lines = [
        row
        for row in read_rows(source / "transactions_sample.csv.gz")
        if row["product_id"] in products and float(row["quantity"]) >= 1 and float(row["sales_value"]) > 0
    ]
    households = busiest(Counter(row["household_id"] for row in lines), HOUSEHOLDS)
    lines = [row for row in lines if row["household_id"] in households]
    keys = busiest(Counter(products[row["product_id"]] for row in lines), PRODUCTS)
    lines = [row for row in lines if products[row["product_id"]] in keys]

    by_key = defaultdict(list)
    for row in lines:
        by_key[products[row["product_id"]]].append(row)
    # The id of a merged item is that of its product with the most lines.
    ids = {key: most_common(row["product_id"] for row in rows) for key, rows in by_key.items()}
    titles = titles_of(sorted(ids))
    items = []
    for key in sorted(ids, key=lambda key: int(ids[key])):
        prices = [float(row["sales_value"]) / float(row["quantity"]) for row in by_key[key]]
        items.append(
            {
                "item_id": ids[key],
                "title": titles[key],
                "department": key[0],
                "category": key[2],
                "brand": key[1],
                "price": f"{median(prices):.2f}",
            }
        )

    bought: Counter[tuple[int, str, int]] = Counter()
    for row in lines:
        time = row["transaction_timestamp"][:16]  # to the minute
        item = int(ids[products[row["product_id"]]])
        bought[int(row["household_id"]), time, item] += round(float(row["quantity"]))
    purchases = [
        {"user_id": str(user), "item_id": str(item), "event": "buy", "quantity": str(quantity), "time": time}
        for (user, time, item), quantity in sorted(bought.items())
    ]
    return {"items.csv": items, "purchases.csv.gz": purchases}


def busiest(counts: Counter, n: int) -> set:
    """Returns the n names with the highest counts; equal counts by name, so that the choice never wavers."""
    return {name for name, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:n]}


def most_common(names: Iterable[str]) -> str:
    """Returns the most frequent name, the smallest of those that are equally frequent."""
    return min(Counter(names).items(), key=lambda pair: (-pair[1], int(pair[0])))[0]
