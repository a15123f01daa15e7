"""The published figures that generated records follow: aggregates of London Fire Brigade's records, mostly of 2023.

Shares are of incidents unless a line says otherwise; they need not add up exactly, the generator normalises them.
"""

from __future__ import annotations

MONTH_SHARES = (320, 318, 310, 309, 329, 380, 352, 343, 379, 372, 380, 365)  # incidents a day, January to December
HOUR_SHARES = (
    3.4, 3.0, 2.4, 2.2, 1.9, 1.8, 1.8, 2.8, 3.6, 4.1, 4.6, 5.3, 5.3, 5.3, 5.1, 5.4, 5.8, 5.4, 5.7, 5.9, 5.5, 5.2, 4.6, 4.0,
)  # fmt: skip

GROUPS = {"False Alarm": 48.9, "Special Service": 37.9, "Fire": 13.2}
STOP_CODES = {
    "False Alarm": {"AFA": 38.6, "False alarm - Good intent": 9.4, "False alarm - Malicious": 0.9},
    "Fire": {"Primary Fire": 6.2, "Secondary Fire": 6.9, "Chimney Fire": 0.1},
    "Special Service": {"Special Service": 1.0},
}
SPECIAL_SERVICES = {
    "Effecting entry/exit": 23.4, "Flooding": 16.2, "Lift Release": 13.9, "No action (not false alarm)": 11.7, "RTC": 9.2,
    "Assist other agencies": 7.6, "Animal assistance incidents": 3.2, "Medical Incident": 3.0, "Hazardous Materials incident": 2.3,
    "Advice Only": 1.9, "Making Safe (not RTC)": 1.7, "Other rescue/release of persons": 1.5, "Removal of objects from people": 1.5,
}  # fmt: skip
PROPERTIES = {
    "Dwelling": (56.0, (
        "Purpose Built Flats/Maisonettes - 4 to 9 storeys", "House - single occupancy",
        "Purpose Built Flats/Maisonettes - Up to 3 storeys", "Purpose Built Flats/Maisonettes - 10 or more storeys",
    )),
    "Non Residential": (21.2, ("Purpose built office", "Single shop", "Infant/Primary school", "Hospital", "Warehouse")),
    "Outdoor": (7.4, ("Road surface/pavement", "Grassland, pasture, grazing etc", "Domestic garden (vegetation not equipment)")),
    "Road Vehicle": (5.8, ("Car", "Bus/coach", "Van")),
    "Other Residential": (5.3, ("Hotel/motel", "Residential Home - Nursing/Care", "Student Hall of Residence")),
    "Outdoor Structure": (4.0, ("Common external bin storage area", "Other outdoor structures", "Small refuse/rubbish container")),
    "Rail Vehicle": (0.1, ("Passenger train - underground",)),
}  # fmt: skip
ADDRESS_QUALIFIERS = {
    "Correct incident location": 60, "Within same building": 22, "In street close to gazetteer location": 8,
    "In street outside gazetteer location": 6, "Open land/water - nearest gazetteer location": 2,
    "On motorway / elevated road": 1, "Nearby address - street not listed in gazetteer": 1,
}  # fmt: skip

NO_FIRST_PUMP = {"False Alarm": 0.008, "Special Service": 0.138, "Fire": 0.008}  # share without a published time
SECOND_PUMP = {"False Alarm": 0.52, "Special Service": 0.10, "Fire": 0.47}  # share of the others with a second pump
MORE_PUMPS = 0.17  # share of these with three pumps or more
RUNNING_CALLS = {"False Alarm": 0.004, "Special Service": 0.030, "Fire": 0.010}  # pumps already there: 0 to 60 s

# Pump asked for first, by rank of its station's distance. A later pump sometimes arrives before it, so that 73 % of first
# arrivals come from the nearest station in the end, as published.
FIRST_PUMP_RANKS = (0.775, 0.130, 0.054, 0.023, 0.012, 0.008, 0.004, 0.002)
SECOND_PUMP_SAME_STATION = 0.30
OWN_GROUND_OF_NEAREST = 0.889  # the incident's ground is that of the nearest station
HOME_STATION = 0.964  # of mobilisations

# Median turnout by hour of the call, seconds (2021 to 2026, about a million mobilisations).
TURNOUT_MEDIAN = (
    90, 99, 103, 106, 107, 108, 107, 83, 70, 65, 66, 65, 61, 61, 62, 65, 67, 68, 67, 65, 64, 67, 69, 78,
)  # fmt: skip
TURNOUT_SPREAD = 0.38  # of the logarithm
TURNOUT_STATION_SPREAD = 0.08

# Travel by straight-line distance: the distance law, seconds and kilometres.
TRAVEL_AT_ZERO, TRAVEL_PER_ROOT_KM, TRAVEL_TURN_KM = 10.0, 183.0, 1.43
# Seconds that the hour adds to a typical trip of about 280 s.
TRAVEL_BY_HOUR = (
    -16, -15, -10, -9, -10, -15, -6, -2, -5, -6, 0, 9, 9, 14, 16, 17, 15, 14, 5, -6, -12, -15, -18, -18,
)  # fmt: skip
TRAVEL_SPREAD, TRAVEL_SKEW = 0.31, 2.0  # of the logarithm; the long tail is on the slow side
TRAVEL_BY_PLACE = 0.10  # spread of the smooth map of fast and slow areas

DELAYS = {  # shares of mobilisations; 73 % carry none
    (12, "Not held up"): 16.6, (9, "Traffic, roadworks, etc"): 5.7, (8, "Traffic calming measures"): 1.9,
    (5, "Address incomplete/wrong"): 1.2, (13, "On outside duty when mobilised"): 0.5, (10, "Weather conditions"): 0.3,
    (7, "Arrived but held up - Other reason"): 0.3, (11, "Mob/Radio problems when mobilised"): 0.2,
    (6, "Appliance/Equipment defect"): 0.2, (3, "At drills when mobilised"): 0.1,
}  # fmt: skip
DELAY_GIVEN = 0.27

DUPLICATED_MOBILISATIONS = 0.005
STATIONS_BEYOND_LONDON = ("Surrey", "Essex", "Hertfordshire", "Buckinghamshire", "Kent")
FROM_BEYOND_LONDON = 0.0002  # of mobilisations
ZERO_COORDINATES = 0.0015  # latitude and longitude 0 beside a good grid reference, of places published exactly
