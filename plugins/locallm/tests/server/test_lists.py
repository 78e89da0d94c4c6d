"""Lists that clients walk through in parts, while others add to them and delete from them."""

from __future__ import annotations

import asyncio

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plugins.locallm.tests.server.training_files import demonstrations

from mlkernel_locallm.server.store import resources
from mlkernel_locallm.server.store.database import Database
from mlkernel_locallm.server.store.page import Page
from mlkernel_locallm.server.store.resources import Resources


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    database = Database(tmp_path_factory.mktemp("lists") / "state.sqlite", resources.SCHEMA, durable=False)
    yield database
    database.close()


numbers = iter(range(1_000_000))


def collection(database) -> Resources:
    return Resources(database, f"collection {next(numbers)}")


def walk(items: Resources, limit: int, between=lambda page: None, **page):
    """Everything that a client sees that asks for one part after the other."""
    seen, after, more = [], None, True
    while more:
        listed = items.page(Page(limit=limit, after=after, **page))
        assert len(listed.documents) <= limit
        seen += [document["id"] for document in listed.documents]
        more = listed.has_more
        assert listed.documents or not more
        if more:
            after = seen[-1]
            between(listed.documents)
    return seen


@given(st.integers(0, 12), st.integers(1, 5), st.booleans(), st.sets(st.integers(0, 11)))
def test_all_that_is_there_is_seen_once_and_in_order(database, count, limit, newest_first, deleted):
    items = collection(database)
    for number in range(count):
        items.add({"id": str(number)})
    for number in deleted:
        items.remove(str(number))
    expected = [str(number) for number in range(count) if number not in deleted]
    assert walk(items, limit, newest_first=newest_first) == (expected[::-1] if newest_first else expected)


@given(st.integers(0, 12), st.integers(1, 4), st.booleans())
def test_a_walk_that_deletes_what_it_sees_sees_everything(database, count, limit, newest_first):
    items = collection(database)
    for number in range(count):
        items.add({"id": str(number)})

    def delete(documents):
        for document in documents:
            items.remove(document["id"])

    assert len(walk(items, limit, delete, newest_first=newest_first)) == count


@given(st.integers(1, 10), st.integers(1, 4))
def test_what_is_added_meanwhile_does_not_disturb_a_walk_from_the_newest(database, count, limit):
    items = collection(database)
    for number in range(count):
        items.add({"id": str(number)})
    added = iter(range(1000))
    seen = walk(items, limit, lambda _: items.add({"id": f"new {next(added)}"}))
    assert seen == [str(number) for number in reversed(range(count))]


labels = st.dictionaries(st.sampled_from(["a", 'b"', "c.d", "é'"]), st.sampled_from(["1", "2", ""]))


@given(st.lists(st.none() | labels, max_size=8), labels, st.integers(1, 3))
def test_a_filter_finds_what_has_all_the_labels(database, metadata, wanted, limit):
    items = collection(database)
    for number, pairs in enumerate(metadata):
        items.add({"id": str(number), "metadata": pairs})
    found = walk(items, limit, newest_first=False, within="$.metadata", match=wanted)
    assert found == [
        str(number) for number, pairs in enumerate(metadata) if wanted.items() <= (pairs or {}).items()
    ]


def test_a_transaction_is_kept_as_a_whole_or_not_at_all(database):
    items = collection(database)

    def add_and_fail():
        with database.transaction():
            items.add({"id": "a"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_and_fail()
    assert items.all() == []
    with pytest.raises(KeyError):
        items.change("a", lambda document: None)


def test_the_client_deletes_all_files_while_it_lists_them(openai_client):
    async def run():
        async with openai_client() as client:
            mine = {
                (await client.files.create(file=("rows", demonstrations()), purpose="fine-tune")).id
                for _ in range(5)
            }
            async for file in client.files.list(limit=2):
                await client.files.delete(file.id)
                mine.discard(file.id)
            assert mine == set()
            assert [file async for file in client.files.list()] == []
            for wrong in ({"after": "file-nothing"}, {"limit": 0}, {"order": "sideways"}):
                with pytest.raises(openai.BadRequestError):
                    await client.files.list(**wrong)

    asyncio.run(run())
