from roomgate.xapi import errors


def test_codes_are_distinct_where_a_caller_would_act_differently():
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.XapiError)]
    own = [one.code for one in kinds if "code" in vars(one)]
    assert len(own) == len(set(own))
    assert all(code == "xapi" or code.startswith("xapi.") for code in own)


def test_the_device_s_own_codes_are_all_there():
    assert set(errors.WIRE_CODES) == {-32700, -32600, -32601, -32602, -32603, 1, -31999, -31998, -31997}


def test_no_answer_is_a_kind_of_gone_so_that_nobody_retries_it():
    assert issubclass(errors.NoAnswer, errors.DeviceGone)
    assert errors.XapiError("said", data={"Cause": 21}).data == {"Cause": 21}
