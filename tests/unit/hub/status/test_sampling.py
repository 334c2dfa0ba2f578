from roomgate.hub.status.sampling import FACTS, NAMES, build_facts, build_values


def test_a_sample_holds_numbers_of_a_room_that_is_in_reach() -> None:
    channels = [
        {"id": n, "Netstat": {"Jitter": 10 * n, "LastIntervalLost": n, "LastIntervalReceived": 100 - n}} for n in (1, 2)
    ]
    status = {
        "Call": [{"id": 7, "Status": "Connected", "DisplayName": "Ada"}],
        "MediaChannels": {"Call": [{"id": 7, "Channel": channels}]},
        "RoomAnalytics": {"PeopleCount": {"Current": 4}, "AmbientTemperature": "21.5"},
    }
    values = build_values({"Status": status}, online=True)
    assert values == {"online": 1, "call": 1, "people": 4, "ambient": 21.5, "loss": 2.0, "jitter": 20}
    assert tuple(values) == NAMES
    assert build_values({"Status": status}, online=False) == {"online": 0}
    assert build_values({}, online=True) == {"online": 1, "call": 0}


def test_facts_are_what_was_told() -> None:
    status = {
        "SystemUnit": {"ProductPlatform": "Bar", "Hardware": {"Module": {"SerialNumber": "FOC1"}}},
        "Network": [{"id": 1, "Ethernet": {"MacAddress": "00:11"}, "IPv4": {"Address": ""}}],
    }
    facts = build_facts(status)
    assert facts == {"serial": "FOC1", "product": "Bar", "mac": "00:11"}
    assert set(facts) <= set(FACTS)
