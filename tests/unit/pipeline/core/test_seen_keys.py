"""Repeated keys are found as a set would find them."""

import pandas as pd

from pipeline.core.seen_keys import SeenKeys


def test_seen_keys_agree_with_a_set_over_many_chunks():
    seen, known = SeenKeys(), set()
    generator = iter(range(10**6))
    for size in (1, 7, 100, 3, 50, 50, 0, 400):
        keys = [str(next(generator) * 7919 % 501) for _ in range(size)]
        expected = []
        for key in keys:
            expected.append(key in known)
            known.add(key)
        assert seen.repeated(pd.Series(keys, dtype="str")).tolist() == expected
