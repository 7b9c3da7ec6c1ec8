"""The restaurants sample: nine source tables become items, users and ratings in readable words."""

import csv
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

Row = dict[str, str]

# City centres (latitude, longitude): who has no city is given the nearest one within 0.4 degrees.
CITIES = {
    "San Luis Potosi": (22.15, -100.98),
    "Cuernavaca": (18.92, -99.22),
    "Ciudad Victoria": (23.74, -99.15),
}
CITY_WORDS = {"victoria": "Ciudad Victoria", "soledad": "Soledad", "jiutepec": "Jiutepec"}

# Names that the general rule below does not mend: odd encodings, legal forms, branches with one name.
TITLES = {
    "132560": "Puesto de Gorditas",
    "132584": "Gorditas Doña Tota",
    "132609": "Pollo Frito Buenos Aires",
    "132613": "Carnitas Mata",
    "132654": "Carnitas Mata, Calle 16 de Septiembre",
    "132660": "Carnitas Mata, Calle Emilio Portes Gil",
    "132667": "Little Pizza, Emilio Portes Gil",
    "132706": "Gorditas Doña Tota, Zaragoza",
    "132755": "La Estrella de Dimas, Los Pintores",
    "132834": "Gorditas Doña Gloria",
    "132845": "Cenaduria El Rincón de Tlaquepaque",
    "132951": "Vips, San Luis Potosi",
    "134983": "Carlos N Charlies, Restaurant Bar and Clothesline",
    "135001": "Vips, Cuernavaca",
    "135025": "El Rincón de San Francisco, Lozada",
    "135053": "La Fontana, Pizza Restaurante and Cafe",
    "135064": "Restaurante El Chivero",
    "135082": "La Estrella de Dimas, Villa de Pozos",
    "135086": "McDonalds Parque Tangamanga",
    "135104": "Vips, Ciudad Victoria",
    "135106": "El Rincón de San Francisco, Universidad",
}
SMALL_WORDS = {"a", "al", "and", "de", "del", "el", "en", "la", "las", "los", "y"}

CUISINES = {
    "Bar_Pub_Brewery": "Pub",
    "Cafe-Coffee_Shop": "Coffee shop",
    "Breakfast-Brunch": "Brunch",
    "Deli-Sandwiches": "Deli",
    "Dessert-Ice_Cream": "Desserts",
    "Game": "Game meat",
}
COMMON_NOUNS = {"Dining", "Dogs", "Food", "House", "Sum"}
PAYMENTS = {
    "VISA": "Visa",
    "MasterCard-Eurocard": "Mastercard",
    "American_Express": "American Express",
    "bank_debit_cards": "debit card",
    "checks": "cheque",
    "Carte_Blanche": "Carte Blanche",
}
PARKING = {
    "none": "no parking",
    "yes": "own parking",
    "public": "public parking",
    "valet parking": "valet parking",
}
# What the source writes in one column -> what a reader understands. Other values stay as they are.
PLACE_VALUES = {
    "alcohol": {
        "No_Alcohol_Served": "no alcohol",
        "Wine-Beer": "wine and beer",
        "Full_Bar": "full bar",
    },
    "smoking_area": {
        "none": "no smoking area",
        "not permitted": "smoking not allowed",
        "section": "smoking section",
        "permitted": "smoking allowed",
        "only at bar": "smoking at the bar",
    },
    "accessibility": {
        "no_accessibility": "not accessible",
        "completely": "accessible",
        "partially": "partly accessible",
    },
    "Rambience": {"familiar": "family", "quiet": "quiet"},
    "franchise": {"t": "chain", "f": "independent"},
    "area": {"open": "terrace", "closed": "indoors"},
    "other_services": {"none": "", "variety": "various", "Internet": "internet"},
}
PERSON_VALUES = {
    "smoker": {"true": "smoker", "false": "non-smoker"},
    "drink_level": {"abstemious": "no alcohol"},
    "ambience": {"solitary": "alone"},
    "transport": {"car owner": "car"},
    "interest": {"none": ""},
    "activity": {"working-class": "worker"},
}


def read_rows(path: Path, encoding: str = "utf-8") -> list[Row]:
    """Returns the rows of one source file, with spaces trimmed and '?' (the source's "unknown") emptied."""
    with path.open(encoding=encoding, newline="") as file:
        return [
            {name: "" if value.strip() == "?" else value.strip() for name, value in row.items()}
            for row in csv.DictReader(file)
        ]


def collected(rows: Iterable[Row], key: str, value: str) -> dict[str, list[str]]:
    """Returns key -> its values, in the order of the file."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row[value])
    return found


def joined(values: Iterable[str]) -> str:
    """Returns the distinct values as one cell, "a|b", in alphabetical order."""
    return "|".join(sorted({value for value in values if value}, key=str.lower))


def cuisine_name(raw: str) -> str:
    """Returns a cuisine as people write it: 'Fast_Food' -> 'Fast food', 'Tex-Mex' as it is."""
    first, *others = CUISINES.get(raw, raw).split("_")
    return " ".join([first, *(word.lower() if word in COMMON_NOUNS else word for word in others)])


def title_of(place: Row) -> str:
    """Returns the restaurant's name, mended by hand or else with capitals where a sign has them."""
    if place["placeID"] in TITLES:
        return TITLES[place["placeID"]]
    words = place["name"].replace("_", " ").split()
    return " ".join(capitalised(word, first=number == 0) for number, word in enumerate(words))


def capitalised(word: str, *, first: bool) -> str:
    """Returns one word of a name: small words small, shouted or lower-case words with one capital."""
    if word.lower() in SMALL_WORDS and not first:
        return word.lower()
    if word == "KFC" or not (word.isupper() or word.islower()):
        return word
    return word[0].upper() + word[1:].lower()


def city_of(city: str, latitude: str, longitude: str) -> str:
    """Returns the city in one spelling; unknown: the nearest of the three, or '' when none is near."""
    plain = city.lower()
    for word, name in CITY_WORDS.items():
        if word in plain:
            return name
    for name in CITIES:
        if plain == name.lower():
            return name
    here = (float(latitude), float(longitude))
    distance, nearest = min(
        (abs(here[0] - at[0]) + abs(here[1] - at[1]), name) for name, at in CITIES.items()
    )
    return nearest if distance < 0.4 else ""


def opening_times(hours: dict[str, str]) -> list[str]:
    """Returns words for when a place is open, from days -> 'HH:MM-HH:MM'; nothing where no hours are known.

    The source writes 00:00-00:00 for "closed" and for "not known"; a place that has it on all days has
    no known hours.
    """
    known = {days: span.split("-") for days, span in hours.items() if span != "00:00-00:00"}
    words = [word for days, word in (("Sat", "Saturday"), ("Sun", "Sunday")) if days in known]
    for begin, end in known.values():
        if (begin, end) == ("00:00", "23:30"):
            words.append("day and night")
            continue
        late = end <= begin or end >= "23:00"
        words += ["morning"] * (begin <= "10:00") + ["evening"] * (late or end >= "20:00")
        words += ["late evening"] * late
    return words


def build(source: Path) -> dict[str, list[Row]]:
    """Returns file name -> rows, each table in the order of its ids."""
    places = read_rows(source / "geoplaces2.csv", encoding="latin-1")
    cuisines = collected(read_rows(source / "chefmozcuisine.csv"), "placeID", "Rcuisine")
    payments = collected(read_rows(source / "chefmozaccepts.csv"), "placeID", "Rpayment")
    parking = collected(read_rows(source / "chefmozparking.csv"), "placeID", "parking_lot")
    hours: dict[str, dict[str, str]] = defaultdict(dict)
    for row in read_rows(source / "chefmozhours4.csv"):
        # The first span of a day is kept; few places have two.
        hours[row["placeID"]].setdefault(row["days"].split(";")[0], row["hours"].split(";")[0])

    items = []
    for place in sorted(places, key=lambda row: row["placeID"]):
        place_id = place["placeID"]
        value = {name: PLACE_VALUES.get(name, {}).get(raw, raw) for name, raw in place.items()}
        items.append(
            {
                "item_id": place_id,
                "title": title_of(place),
                "cuisine": joined(map(cuisine_name, cuisines[place_id])),
                "price": value["price"],
                "ambience": value["Rambience"],
                "area": value["area"],
                "alcohol": value["alcohol"],
                "smoking": value["smoking_area"],
                "dress_code": value["dress_code"],
                "accessibility": value["accessibility"],
                "parking": joined(PARKING.get(raw, raw) for raw in parking[place_id]),
                "payment": joined(PAYMENTS.get(raw, raw) for raw in payments[place_id]),
                "open": joined(opening_times(hours[place_id])),
                "services": value["other_services"],
                "kind": value["franchise"],
                "city": city_of(place["city"], place["latitude"], place["longitude"]),
            }
        )

    cuisines = collected(read_rows(source / "usercuisine.csv"), "userID", "Rcuisine")
    payments = collected(read_rows(source / "userpayment.csv"), "userID", "Upayment")
    users = []
    for person in sorted(read_rows(source / "userprofile.csv"), key=lambda row: row["userID"]):
        user_id = person["userID"]
        value = {name: PERSON_VALUES.get(name, {}).get(raw, raw) for name, raw in person.items()}
        users.append(
            {
                "user_id": user_id,
                "cuisine": joined(map(cuisine_name, cuisines[user_id])),
                "budget": value["budget"],
                "ambience": value["ambience"],
                "alcohol": value["drink_level"],
                "smoking": value["smoker"],
                "dress_code": value["dress_preference"],
                "payment": joined(PAYMENTS.get(raw, raw) for raw in payments[user_id]),
                "transport": value["transport"],
                "occupation": value["activity"],
                "marital_status": value["marital_status"],
                "birth_year": value["birth_year"],
                "interest": value["interest"],
                "personality": value["personality"],
                "city": city_of("", person["latitude"], person["longitude"]),
            }
        )

    ratings = [
        {"user_id": row["userID"], "item_id": row["placeID"], "rating": row["rating"]}
        for row in read_rows(source / "rating_final.csv")
    ]
    ratings.sort(key=lambda row: (row["user_id"], row["item_id"]))
    return {"items.csv": items, "users.csv": users, "ratings.csv": ratings}
