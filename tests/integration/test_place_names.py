"""Places by name on the prediction page."""

import pytest

from pipeline import response_times
from predictions.place_names import Named, find_named_place, offered_names


@pytest.fixture
def places(trained, monkeypatch):
    """A site whose incidents lie in some real wards and postcodes."""
    facts = response_times.book().facts
    named = [
        {"kind": "ward", "name": "South Acton", "borough": "Ealing", "latitude": 51.5053, "longitude": -0.2738},
        {"kind": "ward", "name": "Abbey", "borough": "Merton", "latitude": 51.413, "longitude": -0.192},
        {"kind": "ward", "name": "Abbey", "borough": "Barking and Dagenham", "latitude": 51.538, "longitude": 0.08},
        {"kind": "ward", "name": "Euston", "borough": "Camden", "latitude": 51.53, "longitude": -0.13},
        {"kind": "postcode", "name": "SE11", "borough": "", "latitude": 51.49, "longitude": -0.111},
    ]
    monkeypatch.setitem(facts, "places", named)


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("Croydon", "the middle of Croydon"),
        ("Hammersmith & Fulham", "the middle of Hammersmith and Fulham"),
        ("Kingston", "the middle of Kingston upon Thames"),
        ("croydon fire station", "Croydon fire station"),
        ("Acton", "Acton fire station"),
        ("south  ACTON", "South Acton ward in Ealing, the middle of its incidents"),
        ("South Acton, Ealing", "South Acton ward in Ealing, the middle of its incidents"),
        ("abbey, merton", "Abbey ward in Merton, the middle of its incidents"),
        ("Euston", "Euston ward in Camden, the middle of its incidents"),
        ("se11", "postcode district SE11, the middle of its incidents"),
        ("SE11 5HE", "postcode district SE11, the middle of its incidents"),
        ("SE115HE", "postcode district SE11, the middle of its incidents"),
    ],
)
def test_a_name_is_understood_and_the_page_says_as_what(client, places, text, understood):
    answer = client.get("/", {"place": text})
    assert answer.status_code == 200
    assert understood in answer.content.decode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Abbey", "Did you mean Abbey, Merton or Abbey, Barking and Dagenham?"),
        ("Croydonn", "Did you mean Croydon"),
        ("SE99", "No place &#x27;SE99&#x27; is known."),
    ],
)
def test_what_names_no_place_or_several_is_explained(client, places, text, words):
    answer = client.get("/", {"place": text})
    assert answer.status_code == 400
    assert words in answer.content.decode()


def test_every_name_that_is_offered_is_understood(places):
    names = offered_names()
    assert {"Croydon", "Acton fire station", "Abbey, Merton", "SE11"} <= set(names)
    assert all(isinstance(find_named_place(name), Named) for name in names)


def test_names_of_the_processed_incidents_are_offered(trained):
    named = response_times.book().facts["places"]
    assert {place["kind"] for place in named} >= {"ward"}
    assert f"{named[0]['name']}, {named[0]['borough']}" in offered_names()


def test_before_any_data_boroughs_and_stations_are_known(db):
    assert {"Croydon", "Acton fire station"} <= set(offered_names())
