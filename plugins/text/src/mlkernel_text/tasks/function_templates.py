"""Small functions with blanks: what they should do, how it is done, and what to call them with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from attrs import Factory, frozen

from mlkernel_text.scenario.stable_random import stable_random

Arguments = list[Any]
Inputs = tuple[Arguments, ...]


@frozen(kw_only=True)
class FunctionTemplate:
    """A function; ``$`` stands before blanks. Every function may be named and phrased with other words."""

    names: Sequence[str]
    task: str
    """What it returns."""
    body: str
    inputs: Inputs
    """What it is called with to see whether a change of it matters: whatever stands near a limit, and more."""
    blanks: Mapping[str, Sequence[object]] = Factory(dict)


def _lists() -> Inputs:
    random = stable_random("function templates", "lists")
    lists: list[list[int]] = [[], *([number] for number in range(-13, 14))]
    for _ in range(20):
        drawn = [random.randint(-12, 12) for _ in range(random.randint(2, 7))]
        lists += [drawn, sorted(drawn), sorted(drawn)[::-1], [*sorted(drawn), min(drawn)], [*drawn, drawn[0]]]
    return tuple([numbers] for numbers in lists)


def _texts() -> Inputs:
    random = stable_random("function templates", "texts")
    texts = ["".join(letters) for length in range(5) for letters in product("ab", repeat=length)]
    for _ in range(20):
        half = "".join(random.choice("abe ") for _ in range(random.randint(0, 4)))
        texts += [half + half[::-1], half + "e" + half[::-1], half + "a" + half]
    return tuple([text] for text in texts)


def _lines() -> Inputs:
    random = stable_random("function templates", "lines")
    words = ["abcdefghij"[:length] for length in range(1, 10)]
    lines = ["", *words]
    lines += [" ".join(random.choices(words, k=random.randint(2, 6))) for _ in range(30)]
    return tuple([line] for line in lines)


def _pairs() -> Inputs:
    random = stable_random("function templates", "pairs")
    drawn = [[random.randint(1, 40), random.randint(1, 40)] for _ in range(60)]
    return (*drawn, *([number, number] for number in range(1, 8)), *([number, 1] for number in range(1, 8)))


LISTS, TEXTS, LINES, PAIRS = _lists(), _texts(), _lines(), _pairs()
SMALL_NUMBERS: Inputs = tuple([number] for number in range(13))
NUMBERS_UP_TO_60: Inputs = tuple([number] for number in range(61))
LARGE_NUMBERS: Inputs = tuple([number] for number in (*range(40), *range(99, 2000, 47)))
ALL_NUMBERS: Inputs = tuple([number] for number in range(-20, 31))

LIST = {"items": ("numbers", "values", "items"), "item": ("number", "value", "x")}
NUMBER = {"n": ("n", "number", "k")}
TEXT = {"text": ("text", "word", "string")}
SMALL = tuple(range(2, 8))

TEMPLATES = (
    FunctionTemplate(
        names=("sum_of_multiples", "add_multiples", "multiples_total"),
        task="the sum of those numbers of the list $items that are divisible by $k",
        body="def $name($items):\n    total = 0\n    for $item in $items:\n        if $item % $k == 0:\n"
        "            total += $item\n    return total",
        inputs=LISTS,
        blanks={**LIST, "k": SMALL},
    ),
    FunctionTemplate(
        names=("count_above", "how_many_above", "number_above"),
        task="how many numbers of the list $items are greater than $k",
        body="def $name($items):\n    count = 0\n    for $item in $items:\n        if $item > $k:\n"
        "            count += 1\n    return count",
        inputs=LISTS,
        blanks={**LIST, "k": tuple(range(-4, 7))},
    ),
    FunctionTemplate(
        names=("largest", "maximum", "greatest"),
        task="the largest number of the list $items, or $k if it is empty",
        body="def $name($items):\n    if len($items) == 0:\n        return $k\n    best = $items[0]\n"
        "    for $item in $items:\n        if $item > best:\n            best = $item\n    return best",
        inputs=LISTS,
        blanks={**LIST, "k": (0, -1, 100)},
    ),
    FunctionTemplate(
        names=("first_position", "find_first", "index_of_small"),
        task="the position of the first number of the list $items that is less than $k, or -1 if there is none",
        body="def $name($items):\n    for position in range(len($items)):\n        if $items[position] < $k:\n"
        "            return position\n    return -1",
        inputs=LISTS,
        blanks={"items": LIST["items"], "k": tuple(range(-5, 6))},
    ),
    FunctionTemplate(
        names=("is_sorted", "in_order", "never_falls"),
        task="whether no number of the list $items is less than the one before it",
        body="def $name($items):\n    for position in range(len($items) - 1):\n"
        "        if $items[position] > $items[position + 1]:\n            return False\n    return True",
        inputs=LISTS,
        blanks={"items": LIST["items"]},
    ),
    FunctionTemplate(
        names=("alternating_sum", "plus_minus", "signed_total"),
        task="the sum of the list $items in which every number at an odd position counts $k times, negatively",
        body="def $name($items):\n    total = 0\n    for position in range(len($items)):\n"
        "        if position % 2 == 0:\n            total += $items[position]\n        else:\n"
        "            total -= $k * $items[position]\n    return total",
        inputs=LISTS,
        blanks={"items": LIST["items"], "k": SMALL},
    ),
    FunctionTemplate(
        names=("factorial", "product_up_to", "multiply_up_to"),
        task="the product of the whole numbers from 1 to $n, times $k",
        body="def $name($n):\n    result = $k\n    for factor in range(1, $n + 1):\n        result *= factor\n"
        "    return result",
        inputs=SMALL_NUMBERS,
        blanks={**NUMBER, "k": (1, 2, 3, 5)},
    ),
    FunctionTemplate(
        names=("fibonacci", "sequence", "recurrence"),
        task="the number at position $n of the sequence that begins with 0, 1 and goes on with the sum of the last"
        " number and $k times the one before it",
        body="def $name($n):\n    a, b = 0, 1\n    for _ in range($n):\n        a, b = b, b + $k * a\n    return a",
        inputs=SMALL_NUMBERS,
        blanks={"n": NUMBER["n"][:2], "k": (1, 2, 3)},
    ),
    FunctionTemplate(
        names=("digit_sum", "sum_of_digits", "add_digits"),
        task="the sum of the digits of the whole number $n written in base $k",
        body="def $name($n):\n    total = 0\n    while $n > 0:\n        total += $n % $k\n        $n = $n // $k\n"
        "    return total",
        inputs=LARGE_NUMBERS,
        blanks={"n": ("n", "number", "value"), "k": (2, 3, 5, 8, 10)},
    ),
    FunctionTemplate(
        names=("is_prime", "has_no_divisor", "prime"),
        task="whether the whole number $n is prime",
        body="def $name($n):\n    if $n < 2:\n        return False\n    for divisor in range(2, $n):\n"
        "        if $n % divisor == 0:\n            return False\n    return True",
        inputs=NUMBERS_UP_TO_60,
        blanks=NUMBER,
    ),
    FunctionTemplate(
        names=("gcd", "greatest_common_divisor", "common_divisor"),
        task="the greatest common divisor of $a and $b, times $k",
        body="def $name($a, $b):\n    while $b != 0:\n        $a, $b = $b, $a % $b\n    return $a * $k",
        inputs=PAIRS,
        blanks={"a": ("a", "first", "m"), "b": ("b", "second", "q"), "k": (1, 2, 3)},
    ),
    FunctionTemplate(
        names=("clamp", "limit", "keep_within"),
        task="$n, but $low if it is less than that, and $high if it is greater than that",
        body="def $name($n):\n    if $n < $low:\n        return $low\n    if $n > $high:\n        return $high\n"
        "    return $n",
        inputs=ALL_NUMBERS,
        blanks={**NUMBER, "low": (-5, -2, 0, 1, 3), "high": (7, 9, 10, 15)},
    ),
    FunctionTemplate(
        names=("is_palindrome", "same_backwards", "mirrored"),
        task="whether the text $text reads the same backwards",
        body="def $name($text):\n    for position in range(len($text) // 2):\n"
        "        if $text[position] != $text[len($text) - 1 - position]:\n            return False\n    return True",
        inputs=TEXTS,
        blanks=TEXT,
    ),
    FunctionTemplate(
        names=("count_letter", "occurrences", "how_often"),
        task="how often the letter '$letter' occurs in the text $text, plus $k",
        body="def $name($text):\n    count = $k\n    for letter in $text:\n        if letter == '$letter':\n"
        "            count += 1\n    return count",
        inputs=TEXTS,
        blanks={**TEXT, "letter": ("a", "b", "e"), "k": (0, 1, 10)},
    ),
    FunctionTemplate(
        names=("long_words", "count_long_words", "words_longer"),
        task="how many words of the text $text have at least $k letters",
        body="def $name($text):\n    count = 0\n    for word in $text.split():\n        if len(word) >= $k:\n"
        "            count = count + 1\n    return count",
        inputs=LINES,
        blanks={"text": ("text", "line", "string"), "k": SMALL},
    ),
    FunctionTemplate(
        names=("within_range", "is_inside", "between"),
        task="whether $n is at least $low and less than $high",
        body="def $name($n):\n    return $n >= $low and $n < $high",
        inputs=ALL_NUMBERS,
        blanks={**NUMBER, "low": (-5, -2, 0, 1, 3), "high": (7, 9, 10, 15)},
    ),
)
