"""How a choice of response times compares, in words: with London, among the boroughs, with the years before."""

from __future__ import annotations

from pipeline.core.response_groups import ALL_YEARS, LONDON
from pipeline.core.wording import readable_ordinal, readable_seconds
from pipeline.response_times import Book, in_order


def comparisons(book: Book, pump: str, *, year: int, borough: str) -> list[str]:
    """Sentences on the average, as many as the figures allow; none about what is hidden."""
    found = [_with_london(book, pump, year, borough)] if borough != LONDON else []
    found += [_between_years(book, pump, earlier, later, borough) for earlier, later in _years_apart(book, year)]
    return [sentence for sentence in found if sentence]


def _with_london(book: Book, pump: str, year: int, borough: str) -> str:
    boroughs = [row for row in book.rows("borough", pump, year=year) if row.mean_seconds is not None]
    order = [row.borough for row in in_order(boroughs, "mean")]
    own, london = (book.total(pump, year=year, borough=place) for place in (borough, LONDON))
    if borough not in order or not own or not london or own.mean_seconds is None or london.mean_seconds is None:
        return ""
    apart = _apart(own.mean_seconds - london.mean_seconds, "as London as a whole", "than London as a whole")
    return (
        f"{borough} is {apart}: the {_rank(order.index(borough), len(order))} of {len(order)} boroughs by its average."
    )


def _rank(place: int, count: int) -> str:
    """
    >>> [_rank(place, 5) for place in range(5)]
    ['fastest', '2nd fastest', '3rd fastest', '2nd slowest', 'slowest']
    """
    end, nth = ("fastest", place + 1) if 2 * place < count else ("slowest", count - place)
    return end if nth == 1 else f"{readable_ordinal(nth)} {end}"


def _years_apart(book: Book, year: int) -> list[tuple[int, int]]:
    """The whole years to compare: the year chosen and the one before; of all years the last two, and the first and last."""
    whole = book.whole_years
    if year != ALL_YEARS:
        return [(year - 1, year)] if {year - 1, year} <= set(whole) else []
    pairs = [(whole[-2], whole[-1]), (whole[0], whole[-1])] if len(whole) > 1 else []
    return list(dict.fromkeys(pairs))


def _between_years(book: Book, pump: str, earlier: int, later: int, borough: str) -> str:
    before, after = (book.total(pump, year=year, borough=borough) for year in (earlier, later))
    if not before or not after or before.mean_seconds is None or after.mean_seconds is None:
        return ""
    return f"{later} was {_apart(after.mean_seconds - before.mean_seconds, f'as {earlier}', f'than {earlier}')}."


def _apart(seconds: float, same: str, other: str) -> str:
    if round(seconds) == 0:
        return f"as fast {same}"
    return f"{readable_seconds(abs(seconds))} {'slower' if seconds > 0 else 'faster'} {other}"
